"""What is published on the disk: changes, files of others, kills between the steps, full disks."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.engines.local import LocalEngine
from app.errors import Busy, Permanent
from app.settings import Settings
from app.sql_files import adhoc
from sync_jobs.layers.base import Outcome, Unknown
from sync_jobs.layers.git import exchange
from sync_jobs.layers.git.layer import GitLayer
from sync_jobs.layers.git.publish import Publication
from tests.conftest import ROOT
from tests.fixtures.layer_context import Bench
from tests.fixtures.repositories import Repository

FOLDERS = ("docs/lz-reference", "config/lz-config")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "lz")
    made.commit(
        "Begin",
        **{
            "README.md": "# Zone\n",
            "docs__a.md": "# A\n",
            "docs__b.md": "# B\n",
            "pmo.yaml": "a: 1\n",
            "app__x.py": "x",
        },
    )
    return made


@pytest.fixture
def home(tmp_path: Path, repository: Repository) -> Bench:
    return Bench(tmp_path / "home", settings={"git_url": repository.url})


def synced(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def root(home: Bench) -> Path:
    folder: Path = home.settings["git_publish_root"]
    return folder


def published(home: Bench) -> dict[str, bytes]:
    """Relative path -> content, without what the sync writes about itself."""
    own = {".lz-sync.json", "sync-metadata.json"}
    return {
        path.relative_to(root(home)).as_posix(): path.read_bytes()
        for path in root(home).rglob("*")
        if path.is_file() and path.name not in own
    }


def metadata(home: Bench) -> dict[str, object]:
    return dict(json.loads((root(home) / "config/lz-config/sync-metadata.json").read_bytes()))


def counts(outcome: Outcome) -> tuple[int, int, int]:
    return outcome.details["added"], outcome.details["changed"], outcome.details["deleted"]


def test_changes_renames_and_deletions_propagate(home: Bench, repository: Repository) -> None:
    first = synced(home.run(GitLayer()))
    assert counts(first) == (4, 0, 0) and first.details["not_mapped"] == 1
    (repository.folder / "docs/b.md").rename(repository.folder / "docs/c.md")
    head = repository.commit("Change", **{"docs__a.md": "# A, again\n", "pmo.yaml": None})
    outcome = synced(home.run(GitLayer()))
    assert published(home) == {
        "docs/lz-reference/README.md": b"# Zone\n",
        "docs/lz-reference/docs/a.md": b"# A, again\n",
        "docs/lz-reference/docs/c.md": b"# B\n",
    }
    assert counts(outcome) == (1, 1, 2)
    assert outcome.details["previous_commit"] == first.details["commit"]
    assert outcome.details["publish_root"] == str(root(home))
    told = metadata(home)
    assert told["commit"] == head and told["branch"] == "main" and told["source"] == repository.url
    assert (told["files_synced"], told["added"], told["changed"], told["deleted"]) == (3, 1, 1, 2)
    assert set(told) == {
        "last_sync", "source", "branch", "commit", "sync_layers", "files_synced", "added", "changed", "deleted", "duration",
    }  # fmt: skip


def test_metadata_change_only_when_something_else_did(home: Bench, repository: Repository) -> None:
    synced(home.run(GitLayer()))
    path = root(home) / "config/lz-config/sync-metadata.json"
    before = path.read_bytes(), path.stat().st_mtime_ns
    head = repository.commit("Elsewhere", **{"app__x.py": "y"})
    outcome = synced(home.run(GitLayer()))
    assert outcome.details["commit"] == head and counts(outcome) == (0, 0, 0)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert home.state.rows("SELECT DISTINCT commit_sha FROM git_files") == [{"commit_sha": head}]


def test_files_of_others_are_left_alone(home: Bench, repository: Repository) -> None:
    place = root(home) / "docs/lz-reference"
    (place / "docs").mkdir(parents=True)
    (place / "own.md").write_text("mine")
    (place / "docs" / "a.md").write_text("mine too")
    (place / "docs" / "b.md").write_text("# B\n")
    (place / "empty").mkdir()
    outcome = synced(home.run(GitLayer()))
    assert outcome.status == "partial" and outcome.details["refused"] == 1
    assert "docs/a.md" in outcome.errors[0] and "did not write" in outcome.errors[0]
    assert (place / "own.md").read_text() == "mine" and (place / "docs/a.md").read_text() == "mine too"
    repository.commit("Less", **{"docs__a.md": None, "docs__b.md": None})
    synced(home.run(GitLayer()))
    assert (place / "own.md").read_text() == "mine" and (place / "docs/a.md").read_text() == "mine too"
    assert not (place / "docs/b.md").exists(), "the same content was taken over, so it goes with the source"
    assert (place / "empty").is_dir()


def test_what_was_changed_by_hand_is_mended_without_news(home: Bench, repository: Repository) -> None:
    synced(home.run(GitLayer()))
    (root(home) / "docs/lz-reference/docs/a.md").write_text("# X\n")  # of the same size
    (root(home) / "config/lz-config/pmo.yaml").unlink()
    synced(home.run(GitLayer()))
    assert published(home)["docs/lz-reference/docs/a.md"] == b"# A\n"
    assert published(home)["config/lz-config/pmo.yaml"] == b"a: 1\n"
    shutil.rmtree(root(home))
    synced(home.run(GitLayer()))
    assert len(published(home)) == 4


def test_a_fresh_home_goes_on_from_what_is_published(
    home: Bench, repository: Repository, tmp_path: Path
) -> None:
    """As in a workflow that checks the portal's repository out: deletions since still propagate."""
    synced(home.run(GitLayer()))
    copy = tmp_path / "checkout"
    shutil.copytree(root(home), copy, copy_function=shutil.copyfile)
    repository.commit("Less", **{"docs__a.md": None})
    other = Bench(tmp_path / "other", settings={"git_url": repository.url, "git_publish_root": copy})
    outcome = synced(other.run(GitLayer()))
    assert counts(outcome) == (0, 0, 1) and not (copy / "docs/lz-reference/docs/a.md").exists()


def test_a_reader_sees_the_old_folder_or_the_new_one(home: Bench, repository: Repository) -> None:
    """Whole states only: in the folder, and in a query over tables of both kinds."""
    repository.commit("Many", **{f"docs__f{n}.md": "# v0\n" for n in range(40)})
    synced(home.run(GitLayer()))
    stop, faults, looks = threading.Event(), list[object](), [0, 0]
    place = root(home) / "docs/lz-reference/docs"
    query = adhoc(
        "SELECT (SELECT MIN(text) FROM git_files WHERE path LIKE 'docs/f%') AS low,"
        " (SELECT MAX(text) FROM git_files WHERE path LIKE 'docs/f%') AS high,"
        " (SELECT COUNT(DISTINCT run_id) FROM (SELECT run_id FROM git_files UNION ALL SELECT run_id FROM git_terms"
        " UNION ALL SELECT run_id FROM git_versions UNION ALL SELECT run_id FROM git_commits)) AS runs",
        {},
    )

    def look_at_files() -> None:
        while not stop.is_set():
            handle = os.open(place, os.O_RDONLY)  # one look holds one folder, as a reader of a checkout does
            seen = set()
            for number in range(40):
                with os.fdopen(os.open(f"f{number}.md", os.O_RDONLY, dir_fd=handle), "rb") as file:
                    seen.add(file.read())
            os.close(handle)
            looks[0] += 1
            if len(seen) != 1:
                faults.append(seen)

    def look_at_tables() -> None:
        engine = LocalEngine(Settings(home=home.home))
        while not stop.is_set():
            row = engine.query(query, {}).to_pylist()[0]
            looks[1] += 1
            if row["low"] != row["high"] or row["runs"] != 1:
                faults.append(row)
        engine.close()

    def guarded(look: object) -> None:
        try:
            look()  # type: ignore[operator]
        except FileNotFoundError:
            guarded(look)  # the folder opened was exchanged and removed: a reader opens it anew
        except Exception as error:  # noqa: BLE001
            faults.append(error)

    readers = [threading.Thread(target=guarded, args=[look]) for look in (look_at_files, look_at_tables)]
    for reader in readers:
        reader.start()
    for version in range(1, 9):
        repository.commit(f"v{version}", **{f"docs__f{n}.md": f"# v{version}\n" for n in range(40)})
        synced(home.run(GitLayer()))
    stop.set()
    for reader in readers:
        reader.join(20)
    assert faults == [] and min(looks) > 3


KILL = """
import os, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from sync_jobs.layers.git import exchange
{breaker}
from tests.fixtures.layer_context import Bench
from sync_jobs.layers.git.layer import GitLayer
Bench(Path({home!r}), settings={{"git_url": {url!r}}}).run(GitLayer())
"""
BREAKERS = {
    "before the exchange": "exchange.swap = lambda folder: os._exit(9)",
    "between two folders": (
        "swap = exchange.swap\ndef once(folder):\n    swap(folder)\n    os._exit(9)\nexchange.swap = once"
    ),
    "between two renames": (
        "exchange.swap_atomically = lambda one, other: (other.rename(exchange.previous(other)), os._exit(9))"
    ),
    "before the commit": (
        "from app import manifest\nwrite = manifest.write\n"
        "def last(home, new):\n    write(home, new)\n    os._exit(9)\nmanifest.write = last"
    ),
}


@pytest.mark.parametrize("where", BREAKERS)
def test_a_run_that_is_killed_is_repaired_by_the_next(
    home: Bench, repository: Repository, where: str
) -> None:
    synced(home.run(GitLayer()))
    old = home.state.rows("SELECT path, commit_sha FROM git_files ORDER BY path")
    repository.commit(
        "Change",
        **{"docs__a.md": "# A2\n", "docs__new.md": "# New\n", "pmo.yaml": "a: 2\n", "docs__b.md": None},
    )
    script = KILL.format(root=str(ROOT), breaker=BREAKERS[where], home=str(home.home), url=repository.url)
    killed = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert killed.returncode == 9, killed.stderr
    assert home.state.rows("SELECT path, commit_sha FROM git_files ORDER BY path") == old, (
        "the old state stays"
    )
    query = adhoc(
        "SELECT COUNT(DISTINCT run_id) AS n FROM (SELECT run_id FROM git_files UNION ALL SELECT run_id FROM git_terms)",
        {},
    )
    engine = LocalEngine(Settings(home=home.home))
    assert engine.query(query, {}).to_pylist() == [{"n": 1}], "no mixture of two syncs"
    engine.close()
    outcome = synced(home.run(GitLayer()))
    assert outcome.status == "success"
    assert published(home) == {
        "docs/lz-reference/README.md": b"# Zone\n",
        "docs/lz-reference/docs/a.md": b"# A2\n",
        "docs/lz-reference/docs/new.md": b"# New\n",
        "config/lz-config/pmo.yaml": b"a: 2\n",
    }
    assert metadata(home)["commit"] == outcome.details["commit"]
    left = [path.name for path in root(home).rglob(".*lz-*") if path.name != ".lz-sync.json"]
    assert left == []


def test_where_folders_cannot_be_exchanged_in_one_step(
    home: Bench, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "swap_atomically", lambda one, other: False)
    synced(home.run(GitLayer()))
    repository.commit("Change", **{"docs__a.md": "# A2\n"})
    synced(home.run(GitLayer()))
    assert published(home)["docs/lz-reference/docs/a.md"] == b"# A2\n"


def test_two_portals_do_not_publish_to_one_place_at_once(
    home: Bench, tmp_path: Path, repository: Repository
) -> None:
    with Publication(root(home), FOLDERS).held(), pytest.raises(Busy, match="Another portal"):
        home.run(GitLayer())


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 3 MB. Only where this test may mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no right to mount a small file system")
    return folder


@pytest.mark.parametrize("what", ["home", "published"])
def test_a_full_disk_is_told_and_the_old_state_stays(
    small_disk: Path, tmp_path: Path, repository: Repository, what: str
) -> None:
    places = {"home": tmp_path / "h", "published": tmp_path / "p"} | {what: small_disk / "x"}
    home = Bench(
        places["home"], settings={"git_url": repository.url, "git_publish_root": places["published"]}
    )
    try:
        synced(home.run(GitLayer()))
        before = published(home)
        repository.commit("Large", **{f"docs__large{n}.bin": os.urandom(1_500_000) for n in range(3)})
        with pytest.raises(Permanent, match="is full") as caught:
            home.run(GitLayer())
        assert caught.value.hint
        assert published(home) == before
        assert home.state.rows("SELECT COUNT(*) AS n FROM git_files") == [{"n": 5}]
        repository.commit("Small again", **{f"docs__large{n}.bin": None for n in range(3)})
        assert synced(home.run(GitLayer())).status == "success"
    finally:
        home.state.close()
        subprocess.run(["umount", "--lazy", small_disk], check=True)


def test_a_place_that_cannot_be_written_is_told(home: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(folder: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))

    monkeypatch.setattr(exchange, "swap", refused)
    with pytest.raises(Permanent, match="cannot be written"):
        home.run(GitLayer())
    assert home.state.rows("SELECT * FROM git_files") == []
