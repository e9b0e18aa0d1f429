"""The git layer over https: partial fetch, tokens, servers that cannot leave files out."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_jobs.layers.base import Outcome, Unknown
from sync_jobs.layers.git.layer import GitLayer
from sync_jobs.layers.git.program import address
from tests.fixtures.git_server import Server, available, serving
from tests.fixtures.layer_context import Bench
from tests.fixtures.repositories import Repository

pytestmark = pytest.mark.skipif(
    not available(), reason="needs git-http-backend and openssl: apt-get install git openssl"
)
TOKEN = "tok-canary-7f3a"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "served" / "lz")
    made.commit(
        "Begin",
        **{
            "README.md": "# Zone\n", "docs__a.md": "# A\n", "docs__sub__b.md": "# B\n", "docs__big.bin": os.urandom(300_000),
            "app__big.bin": os.urandom(400_000), "app__x.py": "x = 1\n",
        },
    )  # fmt: skip
    made.commit("Second", **{"docs__a.md": "# A2\n", "app__x.py": "x = 2\n"})
    return made


@pytest.fixture
def server(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(repository.folder.parent, tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running


def home_of(tmp_path: Path, url: str, **more: object) -> Bench:
    return Bench(tmp_path / "home", settings={"git_url": url, "git_file_limit_bytes": 100_000, **more})


def synced(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def statuses(home: Bench) -> dict[str, str]:
    return {row["path"]: row["status"] for row in home.state.rows("SELECT path, status FROM git_files")}


EXPECTED = {
    "README.md": "synced", "docs/a.md": "synced", "docs/sub/b.md": "synced", "docs/big.bin": "refused",
    "app/big.bin": "not_mapped", "app/x.py": "not_mapped",
}  # fmt: skip


def here(home: Bench, repository: Repository, path: str) -> bool:
    """Whether the mirror holds the content of a path."""
    oid = repository.git("rev-parse", f"HEAD:{path}")
    mirror = home.home / "git" / "mirror.git"
    done = subprocess.run(["git", "--git-dir", mirror, "cat-file", "-e", oid], capture_output=True)
    return done.returncode == 0


def test_only_the_content_of_mapped_files_up_to_the_limit_is_fetched(
    server: Server, repository: Repository, tmp_path: Path
) -> None:
    home = home_of(tmp_path, f"{server.url}/lz/.git")
    outcome = synced(home.run(GitLayer()))
    assert statuses(home) == EXPECTED
    assert here(home, repository, "docs/a.md") and here(home, repository, "docs/sub/b.md")
    assert not here(home, repository, "app/big.bin") and not here(home, repository, "app/x.py")
    assert not here(home, repository, "docs/big.bin")
    assert "limit" in outcome.errors[0] and outcome.details["refused"] == 1
    assert outcome.details["commits"] == 2
    repository.commit("Third", **{"docs__c.md": "# C\n"})
    before = len(server.requests)
    assert synced(home.run(GitLayer())).details["added"] == 1
    assert not here(home, repository, "docs/big.bin"), "what is too large is not asked for again"
    assert len(server.requests) > before


def test_a_run_without_news_asks_once(server: Server, tmp_path: Path) -> None:
    home = home_of(tmp_path, f"{server.url}/lz/.git")
    synced(home.run(GitLayer()))
    server.requests.clear()
    assert synced(home.run(GitLayer())).details["unchanged"]
    assert [path.partition("?")[0] for _, path, *_ in server.requests] == [
        "/lz/.git/info/refs",
        "/lz/.git/git-upload-pack",
    ]


@pytest.mark.parametrize("weakness", ["no filter", "old protocol", "old protocol with filter"])
def test_servers_that_cannot_leave_files_out(
    server: Server, repository: Repository, tmp_path: Path, weakness: str
) -> None:
    """The same result; a file above the limit is then refused by its size."""
    if "old" in weakness:
        server.protocol = False
    if "with filter" not in weakness:
        repository.git("config", "uploadpack.allowFilter", "false")
    home = home_of(tmp_path, f"{server.url}/lz/.git")
    outcome = synced(home.run(GitLayer()))
    assert statuses(home) == EXPECTED
    assert outcome.details["commits"] == 2 and outcome.details["refused"] == 1
    repository.commit("Third", **{"docs__c.md": "# C\n", "docs__a.md": None})
    assert synced(home.run(GitLayer())).details["deleted"] == 1


def test_a_token_reaches_the_server_and_nothing_else(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the process list, the disk, the logs, the rows."""
    server.login, server.delay = f"bot:{TOKEN}", 0.2
    url = f"{server.url}/lz/.git".replace("https://", f"https://bot:{TOKEN}@")
    home = home_of(tmp_path, url)
    seen, stop = set[str](), threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if "git" in command:
                    seen.add(command)
            time.sleep(0.005)

    watching = threading.Thread(target=watch)
    watching.start()
    outcome = synced(home.run(GitLayer()))
    stop.set()
    watching.join()
    assert any(given for _, _, given, *_ in server.requests), "the server saw the token"
    assert any("fetch" in command for command in seen) and any("remote-https" in command for command in seen)
    assert not [command for command in seen if TOKEN in command]
    assert outcome.source == f"{server.url}/lz/.git" and TOKEN not in str(outcome)
    assert TOKEN not in str(home.state.rows("SELECT * FROM portal_info")) and TOKEN not in caplog.text
    places = [home.home, home.settings["git_publish_root"]]
    files = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert files and not [path for path in files if TOKEN.encode() in path.read_bytes()]


def test_a_wrong_token_is_refused_without_being_shown(server: Server, tmp_path: Path) -> None:
    server.login = f"bot:{TOKEN}"
    url = f"{server.url}/lz/.git".replace("https://", "https://bot:wrong-canary@")
    home = home_of(tmp_path, url)
    outcome = home.run(GitLayer())
    assert isinstance(outcome, Unknown) and "refused access" in outcome.reason
    assert "canary" not in outcome.reason + outcome.hint
    without = home_of(tmp_path / "b", f"{server.url}/lz/.git").run(GitLayer())
    assert isinstance(without, Unknown) and "refused access" in without.reason, "and no prompt is waited for"


def test_a_token_is_only_for_its_host() -> None:
    given = address("https://x-access-token:p%40ss@git.example:8443/a/b.git")
    assert given.url == "https://git.example:8443/a/b.git"
    assert given.environment["GIT_CONFIG_KEY_0"] == "http.https://git.example:8443/.extraHeader"
    assert given.environment["GIT_CONFIG_VALUE_0"].endswith("eC1hY2Nlc3MtdG9rZW46cEBzcw==")
    assert "p@ss" not in repr(given) and "eC1h" not in repr(given)
    for url in ("git@github.com:a/b.git", "ssh://git@h/a.git", "file:///a/b@c", "https://h/a@b"):
        assert address(url).url == url and not address(url).environment


def test_an_unknown_certificate_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    outcome = home_of(tmp_path, f"{server.url}/lz/.git").run(GitLayer())
    assert isinstance(outcome, Unknown) and "safely" in outcome.reason
