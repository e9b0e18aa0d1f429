"""Pull requests: real git repositories and pushes, and a server that answers as GitHub does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.errors import Retryable, SettingsError
from app.settings import Settings
from sync_jobs.pull_request import propose
from sync_jobs.pull_request.github import GitHub, Limited, Refusal
from sync_jobs.pull_request.propose import BRANCH, _remote
from sync_jobs.pull_request.summary import Source, body, message
from sync_jobs.pull_request.workbench import FileChange
from sync_jobs.runner import Runner
from sync_jobs.store.cache import Cache
from tests.conftest import ROOT
from tests.fixtures.github_fake import REPOSITORY, TOKEN, FakeGitHub, github
from tests.fixtures.processes import environment
from tests.integration.test_layer_git import Repository

__all__ = ["github"]
PULLS = f"/repos/{REPOSITORY}/pulls$"


class Zone:
    """A landing zone, a portal that follows it, and the repository that gets the pull requests."""

    def __init__(self, folder: Path, fake: FakeGitHub) -> None:
        self.lz = Repository(folder / "lz")
        self.github = fake
        self.root = folder / "published"
        self.settings = Settings(
            home=folder / "home",
            git_url=self.lz.url,
            git_publish_root=self.root,
            portal_repository=REPOSITORY,
            portal_token=TOKEN,
            github_api_url=fake.url,
        )
        self.cache = Cache(self.settings.home)

    def run(self) -> dict[str, Any]:
        """As `run git --pull-request`."""
        row = Runner(self.settings, self.cache, backoff=()).run("git", "cli")
        return propose.after_run(self.settings, self.cache, row)

    def proposed(self) -> dict[str, Any]:
        row = self.run()
        assert row["status"] == "success", row
        found: dict[str, Any] = row["details"]["pull_request"]
        return found

    def files(self, ref: str = BRANCH) -> set[str]:
        listed = self.github.git("ls-tree", "-r", "--name-only", ref).splitlines()
        return {one for one in listed if not one.endswith((".lz-sync.json", "sync-metadata.json"))}


@pytest.fixture
def zone(tmp_path: Path, github: FakeGitHub) -> Zone:
    made = Zone(tmp_path, github)
    made.lz.commit(
        "Begin", **{"README.md": "# Zone\n", "docs__a.md": "# A\n", "pmo.yaml": "x: 1\n", "secret.txt": "no"}
    )
    return made


def test_a_first_sync_opens_a_pull_request_that_merges_itself(zone: Zone) -> None:
    second = zone.lz.commit("Second `@everyone` fixes #1 <img src=x>", **{"docs__b.md": "# B\n"})
    (zone.root / "docs").mkdir(parents=True)
    (zone.root / "docs" / "handbook.md").write_text("of the portal itself, changed and not committed")
    made = zone.proposed()
    assert made["state"] == "created" and made["auto_merge"] is True and made["number"] == 1
    assert made["url"] == f"https://github.com/{REPOSITORY}/pull/1"
    (pull,) = zone.github.open()
    assert pull["auto_merge"] == {"merge_method": "squash"}
    assert pull["base"]["ref"] == "main" and "4 added" in pull["title"] and second[:10] in pull["title"]
    assert zone.files() == {
        "README.md",  # of the portal
        "docs/lz-reference/README.md",
        "docs/lz-reference/docs/a.md",
        "docs/lz-reference/docs/b.md",
        "config/lz-config/pmo.yaml",
    }
    said = zone.github.git("log", "-1", "--format=%an%n%B", BRANCH)
    assert said.startswith("Landing Zone Portal\nSync the landing zone at") and second in said
    assert "@everyone" not in said and "fixes" not in said, "only ids: nothing in it acts on GitHub"
    assert "`Second '@everyone' fixes #1 <img src=x>`" in pull["body"]
    assert "* added `docs/lz-reference/docs/b.md`" in pull["body"]
    assert zone.github.git("rev-parse", f"{BRANCH}~1") == zone.github.git("rev-parse", "main")
    assert set(zone.github.tokens) == {f"Bearer {TOKEN}"}


def test_the_row_of_the_run_tells_of_it(zone: Zone) -> None:
    row = zone.run()
    (stored,) = zone.cache.state.rows("SELECT details FROM sync_runs WHERE run_id = ?", row["run_id"])
    assert '"pull/1"' in stored["details"].replace(f"https://github.com/{REPOSITORY}/", "")


def test_no_change_no_pull_request(zone: Zone) -> None:
    zone.proposed()
    zone.github.merge(zone.github.open()[0])
    before = list(zone.github.pulls)
    zone.lz.commit("Nothing that is mapped", **{"secret.txt": "changed"})
    assert zone.proposed()["state"] == "none"
    assert zone.github.pulls == before and zone.github.count("POST", PULLS) == 1


def test_an_open_one_is_updated_and_never_a_second_one(zone: Zone) -> None:
    zone.proposed()
    old = zone.github.git("rev-parse", BRANCH)
    assert zone.proposed()["state"] == "unchanged"
    assert zone.github.git("rev-parse", BRANCH) == old, "nothing new, nothing pushed"
    zone.lz.commit("Move", **{"docs__c.md": "# C\n"})
    zone.lz.git("rm", "--quiet", "docs/a.md")
    zone.lz.commit("Remove a")
    made = zone.proposed()
    assert (made["state"], made["number"]) == ("updated", 1)
    assert len(zone.github.pulls) == 1
    assert "docs/lz-reference/docs/c.md" in zone.files() and "docs/lz-reference/docs/a.md" not in zone.files()
    assert "`Remove a`" in zone.github.pulls[0]["body"]
    assert zone.github.git("rev-parse", f"{BRANCH}~1") == zone.github.git("rev-parse", "main"), "one commit"


def test_after_a_merge_the_next_one_tells_only_of_what_is_new(zone: Zone) -> None:
    zone.proposed()
    zone.github.merge(zone.github.open()[0])
    third = zone.lz.commit("Third", **{"docs__a.md": "# A, better\n"})
    made = zone.proposed()
    assert (made["state"], made["number"], made["files"]) == ("created", 2, 1)
    pull = zone.github.pulls[1]
    assert "1 changed" in pull["title"] and "`Third`" in pull["body"] and "`Begin`" not in pull["body"]
    assert third in zone.github.git("log", "-1", "--format=%B", BRANCH)


def test_deletions_are_proposed(zone: Zone) -> None:
    zone.proposed()
    zone.github.merge(zone.github.open()[0])
    zone.lz.git("rm", "--quiet", "docs/a.md", "pmo.yaml")
    zone.lz.commit("Less")
    zone.proposed()
    assert zone.files() == {"README.md", "docs/lz-reference/README.md"}
    assert "2 deleted" in zone.github.pulls[1]["title"]


def test_one_that_was_overtaken_is_closed(zone: Zone) -> None:
    """What it would bring is not wanted any more."""
    zone.proposed()
    zone.github.merge(zone.github.open()[0])
    zone.lz.commit("Try", **{"docs__try.md": "x"})
    zone.proposed()
    zone.lz.git("rm", "--quiet", "docs/try.md")
    zone.lz.commit("Back")
    made = zone.proposed()
    assert (made["state"], made["number"]) == ("closed", 2)
    assert zone.github.open() == []


def test_line_ends_and_attributes_of_the_files_change_nothing(zone: Zone) -> None:
    content = b"# C\r\n\xef\xbb\xbf$Id$\r\n"
    zone.lz.commit("C", **{"docs__c.md": content})
    for name, text in ((".gitattributes", "* text=auto ident filter=lfs\n"), (".gitignore", "*\n")):
        (zone.lz.folder / "docs" / name).write_text(text)
        zone.lz.git("add", "--force", f"docs/{name}")
    zone.lz.git("commit", "--quiet", "--message", "Attributes")
    zone.proposed()
    published = (zone.root / "docs" / "lz-reference" / "docs" / "c.md").read_bytes()
    shown = subprocess.run(
        ["git", "--git-dir", zone.github.bare, "cat-file", "blob", f"{BRANCH}:docs/lz-reference/docs/c.md"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout == published == content


def test_a_pull_request_that_is_there_already_is_found(zone: Zone) -> None:
    """The answer to the first request got lost: GitHub then says 422 to the second."""
    zone.proposed()
    zone.lz.commit("More", **{"docs__c.md": "x"})
    zone.github.faults.append(("GET", "/pulls", (200, {}, [])))
    made = zone.proposed()
    assert (made["state"], made["number"], len(zone.github.pulls)) == ("updated", 1, 1)
    assert zone.github.count("POST", PULLS) == 2


def test_no_commits_between_is_no_error(zone: Zone) -> None:
    error = {"resource": "PullRequest", "code": "custom", "message": f"No commits between main and {BRANCH}"}
    answer = {"message": "Validation Failed", "errors": [error]}
    zone.github.faults.append(("POST", PULLS, (422, {}, answer)))
    assert zone.proposed()["state"] == "none"


def test_another_422_is_told(zone: Zone) -> None:
    answer = {"message": "Validation Failed", "errors": [{"field": "base", "code": "invalid"}]}
    zone.github.faults.append(("POST", PULLS, (422, {}, answer)))
    row = zone.run()
    assert row["status"] == "partial" and "422 Validation Failed" in row["error_messages"][0]


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"Retry-After": "1"}, {"message": "You have exceeded a secondary rate limit."}),
        (403, {"Retry-After": "1"}, {"message": "You have exceeded a secondary rate limit."}),
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "SOON"},
            {"message": "API rate limit exceeded"},
        ),
        (502, {}, {"message": "Server Error"}),
        (503, {}, "not an object"),
    ],
)
def test_limits_and_outages_that_pass_are_waited_for(
    zone: Zone, answer: tuple[int, dict[str, str], Any]
) -> None:
    status, headers, said = answer
    given = {name: value.replace("SOON", str(int(time.time()) + 1)) for name, value in headers.items()}
    for path in (PULLS, f"/repos/{REPOSITORY}$"):
        zone.github.faults.append(("POST" if path == PULLS else "GET", path, (status, given, said)))
    began = time.monotonic()
    assert zone.proposed()["state"] == "created"
    assert time.monotonic() - began >= 1, "it waited"
    assert len(zone.github.pulls) == 1 and zone.github.faults == []


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Retry-After": "3600"}, "60 minutes"),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "LATER"}, "rate limit is used up"),
    ],
)
def test_a_long_limit_is_told_at_once(zone: Zone, headers: dict[str, str], words: str) -> None:
    given = {name: value.replace("LATER", str(int(time.time()) + 3000)) for name, value in headers.items()}
    zone.github.faults.append(("POST", PULLS, (403, given, {"message": "API rate limit exceeded"})))
    began = time.monotonic()
    row = zone.run()
    assert time.monotonic() - began < 20
    assert row["status"] == "partial" and words in row["error_messages"][0]
    assert zone.files(), "what was pushed stays; the next run finds it"
    assert zone.proposed()["state"] == "created"


def test_a_limit_without_a_time_is_a_minute_and_attempts_end() -> None:
    class Never(GitHub):
        def _once(self, method: str, url: str, request: dict[str, Any]) -> Any:
            raise Limited("used up", "", 60.0)

    slept: list[float] = []
    with Never("http://127.0.0.1:9", "t", slept.append) as github_, pytest.raises(Limited):
        github_.get("/x")
    assert slept == [60.0] * 4


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, {}, {"message": "Not Found"}), "may not see it"),
        ((401, {}, {"message": "Bad credentials"}), "has expired"),
        (
            (403, {}, {"message": "Resource not accessible by personal access token"}),
            "Contents and Pull requests",
        ),
    ],
)
def test_a_missing_permission_names_the_mend(
    zone: Zone, answer: tuple[int, dict[str, str], Any], words: str
) -> None:
    for path, method in ((f"/repos/{REPOSITORY}$", "GET"), (PULLS, "POST")):
        zone.github.faults.append((method, path, answer))
        row = zone.run()
        assert row["status"] == "partial"
        assert words in row["hint"] and TOKEN not in str(row)
    assert (zone.root / "docs" / "lz-reference" / "README.md").exists(), "the sync itself is in"


def test_a_server_that_is_away(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        GitHub("http://127.0.0.1:9", "t", lambda _: None) as away,
        pytest.raises(Retryable, match="could not be reached"),
    ):
        away.get("/x")


def test_where_auto_merge_is_not_allowed_it_says_so_and_stays_open(zone: Zone) -> None:
    zone.github.auto_merge_allowed = False
    row = zone.run()
    assert row["status"] == "partial"
    assert "Allow auto-merge" in row["error_messages"][0] and "pull/1" in row["error_messages"][0]
    assert row["details"]["pull_request"]["state"] == "created"
    assert len(zone.github.open()) == 1
    zone.github.auto_merge_allowed = True
    assert zone.proposed()["auto_merge"] is True, "the next run makes up for it"


def test_where_nothing_is_to_be_waited_for_it_is_merged(zone: Zone) -> None:
    """GitHub refuses auto-merge for a pull request that could be merged at once."""
    zone.github.clean = True
    assert zone.proposed()["state"] == "merged"
    assert "docs/lz-reference/README.md" in zone.files("main")
    assert zone.proposed()["state"] == "none"


def test_limits_of_graphql_are_waited_for(zone: Zone) -> None:
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
    soon = {"X-RateLimit-Reset": str(int(time.time()) + 1)}
    zone.github.faults.append(("POST", "/graphql", (200, soon, {"errors": [error]})))
    assert zone.proposed()["auto_merge"] is True


def test_a_branch_that_somebody_moved_meanwhile_is_not_overwritten(
    zone: Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone.proposed()
    zone.lz.commit("More", **{"docs__c.md": "x"})
    moved = zone.github.git("rev-parse", "main")
    real = propose.Workbench.fetch

    def fetch(self: propose.Workbench) -> None:
        real(self)
        zone.github.git("update-ref", f"refs/heads/{BRANCH}", moved)

    monkeypatch.setattr(propose.Workbench, "fetch", fetch)
    row = zone.run()
    assert row["status"] == "partial" and "Somebody else moved the branch" in row["error_messages"][0]
    assert zone.github.git("rev-parse", BRANCH) == moved


def test_a_push_that_is_refused_is_told(zone: Zone) -> None:
    hook = zone.github.bare / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\necho 'GH013: Repository rule violations found for 16778403bc30' >&2\nexit 1\n"
    )
    hook.chmod(0o755)
    row = zone.run()
    assert row["status"] == "partial" and "refused the branch" in row["error_messages"][0]
    assert zone.github.pulls == []


def test_an_empty_folder_is_never_proposed(zone: Zone) -> None:
    row = Runner(zone.settings, zone.cache, backoff=()).run("git", "cli")
    for path in sorted(zone.root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    row = propose.after_run(zone.settings, zone.cache, row)
    assert row["status"] == "partial" and "no synced files" in row["error_messages"][0]
    assert zone.github.git("branch", "--list", BRANCH) == ""


def test_a_failed_sync_proposes_nothing(zone: Zone) -> None:
    row = {"status": "failed"}
    assert propose.after_run(zone.settings, zone.cache, row) is row
    assert zone.github.calls == []


def test_settings_are_checked_first() -> None:
    for values in ({}, {"portal_repository": REPOSITORY}):
        with pytest.raises(SettingsError, match="a pull request needs it"):
            propose.check_settings(Settings(**values))


def test_the_token_goes_to_the_host_of_the_api_only_and_on_no_command_line() -> None:
    own = _remote("https://github.com/quartz/portal.git", "https://api.github.com", TOKEN)
    assert own.url == "https://github.com/quartz/portal.git"
    assert own.environment["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"
    assert TOKEN not in repr(own)
    server = _remote("https://git.example.test/quartz/portal.git", "https://git.example.test/api/v3", TOKEN)
    assert server.environment
    for other in (
        "https://evil.test/quartz/portal.git",
        "http://github.com/quartz/portal.git",
        "file:///srv/x.git",
    ):
        assert not _remote(other, "https://api.github.com", TOKEN).environment


def test_the_command_line(zone: Zone, tmp_path: Path) -> None:
    """In a process, with a git that notes its arguments: the token is in none of them, nor in any file."""
    noted, real = (
        tmp_path / "arguments",
        subprocess.run(["which", "git"], capture_output=True, text=True).stdout.strip(),
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> {noted}\nexec {real} "$@"\n')
    (programs / "git").chmod(0o755)
    variables = {
        "PORTAL_GIT_URL": zone.lz.url,
        "PORTAL_GIT_PUBLISH_ROOT": str(zone.root),
        "PORTAL_PORTAL_REPOSITORY": REPOSITORY,
        "PORTAL_SYNC_TOKEN": TOKEN,
        "PORTAL_GITHUB_API_URL": zone.github.url,
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    home = tmp_path / "second-home"

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sync_jobs", *arguments]
        env = environment(home, **{**variables, **more})
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    done = run("run", "git", "--pull-request")
    assert done.returncode == 0, done.stderr
    assert f"pull request: created https://github.com/{REPOSITORY}/pull/1" in done.stdout
    assert "push" in noted.read_text()
    everything = done.stdout + done.stderr + noted.read_text()
    files = [path for path in [*home.rglob("*"), *zone.github.bare.rglob("*")] if path.is_file()]
    assert TOKEN not in everything and not [path for path in files if TOKEN.encode() in path.read_bytes()]
    wrong = run("run", "assets", "--pull-request")
    assert wrong.returncode == 2 and "run git --pull-request" in wrong.stderr
    unset = run("run", "git", "--pull-request", PORTAL_SYNC_TOKEN="")
    assert unset.returncode == 2 and "PORTAL_SYNC_TOKEN" in unset.stderr
    zone.github.auto_merge_allowed = False
    zone.github.pulls[0]["auto_merge"] = None
    partial = run("run", "git", "--pull-request", "--json")
    assert partial.returncode == 3 and '"pull_request"' in partial.stdout


def test_a_summary_stays_within_what_github_takes_and_text_stays_text() -> None:
    changes = [FileChange("added", f"docs/{'x' * 190}{number}`|.md\n@a") for number in range(5000)]
    commits = [("a" * 40, f"`{'y' * 500}` @team closes #{number}", "Eve\n# Heading") for number in range(30)]
    source = Source("https://github.com/quartz/lz", "main", "a" * 40, commits, True)
    text = body(source, changes, ["`evil` @team"])
    assert len(text) < 65_536
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert "@" not in outside and "#0" not in outside and "closes" not in outside and "\n# " not in outside
    assert len(message(source, changes).splitlines()) < 60


def test_refusals_carry_what_github_said(github: FakeGitHub) -> None:
    with GitHub(github.url, TOKEN) as api, pytest.raises(Refusal) as caught:
        api.get("/nothing")
    assert (caught.value.status, caught.value.said) == (404, "Not Found")
