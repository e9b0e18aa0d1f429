"""The git layer on real repositories made by the git program."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, Unknown
from sync_jobs.layers.git.layer import GitLayer
from sync_jobs.layers.git.program import GitFailed, git
from tests.fixtures.layer_context import Bench
from tests.fixtures.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "lz")


@pytest.fixture
def home(tmp_path: Path, repository: Repository) -> Bench:
    return Bench(tmp_path / "home", settings={"git_url": repository.url})


def done(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def paths(home: Bench) -> dict[str, dict[str, object]]:
    return {row["path"]: row for row in home.state.rows("SELECT * FROM git_files")}


def test_files_and_commits_are_stored(home: Bench, repository: Repository) -> None:
    first = repository.commit("Begin", **{"README.md": "# The zone\n", "terraform__main.tf": "locals {}\n"})
    head = repository.commit(
        "Add a policy\n\nWith a reason.", **{"policies__a.yaml": "x: 1\n", "logo.bin": b"\x00\x01"}
    )
    outcome = done(home.run(GitLayer()))
    assert (outcome.status, outcome.items_synced, outcome.details["commit"]) == ("success", 3, head)
    files = paths(home)
    assert {path: row["kind"] for path, row in files.items()} == {
        "README.md": "doc",
        "terraform/main.tf": "terraform",
        "policies/a.yaml": "policy",
        "logo.bin": "other",
    }
    assert files["README.md"]["title"] == "The zone" and files["README.md"]["text"] == "# The zone\n"
    assert {path: row["target"] for path, row in files.items()} == {
        "README.md": "docs/lz-reference/README.md",
        "terraform/main.tf": "docs/lz-reference/terraform/main.tf",
        "policies/a.yaml": "config/lz-config/policies/a.yaml",
        "logo.bin": None,
    }
    assert files["logo.bin"]["text"] is None and files["logo.bin"]["status"] == "not_mapped"
    commits = {row["commit_sha"]: row for row in home.state.rows("SELECT * FROM git_commits")}
    assert set(commits) == {first, head}
    assert commits[head]["message"] == "Add a policy\n\nWith a reason."
    assert commits[head]["files_changed"] == '["logo.bin","policies/a.yaml"]'
    assert (commits[head]["author"], commits[head]["branch"]) == ("Ada", "main")


def test_a_run_without_news_writes_nothing(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    done(home.run(GitLayer()))
    before = home.state.rows("SELECT * FROM git_files")
    outcome = done(home.run(GitLayer()))
    assert outcome.details["unchanged"] and outcome.items_synced == 1
    assert home.state.rows("SELECT * FROM git_files") == before, "_rev included"


def test_a_rewritten_history_replaces_the_old_one(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    repository.commit("Mistake", **{"secret.txt": "x"})
    done(home.run(GitLayer()))
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    kept = repository.commit("Better", **{"b.md": "# B"})
    done(home.run(GitLayer()))
    assert set(paths(home)) == {"a.md", "b.md"}
    assert kept in {row["commit_sha"] for row in home.state.rows("SELECT commit_sha FROM git_commits")}
    assert len(home.state.rows("SELECT * FROM git_commits")) == 2


def test_a_merge_lists_what_it_brought(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit("Side", **{"side.md": "# S"})
    repository.git("checkout", "--quiet", "main")
    repository.commit("Main", **{"main.md": "# M"})
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge side", "side")
    done(home.run(GitLayer()))
    merge = home.state.rows("SELECT files_changed FROM git_commits WHERE message = 'Merge side'")
    assert merge == [{"files_changed": '["side.md"]'}]


def test_a_branch_can_be_chosen(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    repository.git("checkout", "--quiet", "-b", "other/line")
    repository.commit("Other", **{"b.md": "# B"})
    repository.git("checkout", "--quiet", "main")
    home.settings["git_branch"] = "other/line"
    assert done(home.run(GitLayer())).details["branch"] == "other/line"
    assert set(paths(home)) == {"a.md", "b.md"}
    home.settings["git_branch"] = "main"
    done(home.run(GitLayer()))
    assert set(paths(home)) == {"a.md"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"git_branch": "nope"}, "has no branch 'nope'"),
        ({"git_url": "file:///nowhere/at/all"}, "does not exist"),
    ],
)
def test_what_cannot_be_seen_is_unknown_and_the_old_state_stays(
    home: Bench, repository: Repository, change: dict[str, str], said: str
) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    done(home.run(GitLayer()))
    home.settings.update(change)
    outcome = home.run(GitLayer())
    assert isinstance(outcome, Unknown) and said in outcome.reason and outcome.hint
    assert set(paths(home)) == {"a.md"}


def test_an_empty_repository_is_unknown(home: Bench) -> None:
    outcome = home.run(GitLayer())
    assert isinstance(outcome, Unknown) and "no commits yet" in outcome.reason


def test_a_server_that_is_away_is_tried_again_and_credentials_stay_hidden(home: Bench) -> None:
    home.settings["git_url"] = "https://bot:hunter2@127.0.0.1:9/lz.git"
    with pytest.raises(Retryable, match="could not be reached") as caught:
        home.run(GitLayer())
    assert "hunter2" not in str(caught.value)
    source = GitLayer().source(home.context(GitLayer()).settings, home.cache)
    assert isinstance(source, str) and "hunter2" not in source
    written = [path for path in home.home.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
    assert written == []


def test_a_large_or_binary_file_is_listed_without_text(home: Bench, repository: Repository) -> None:
    repository.commit(
        "Begin", **{"docs__big.txt": "x" * (256 * 1024 + 1), "docs__latin.txt": "caf\xe9".encode("latin-1")}
    )
    assert done(home.run(GitLayer())).status == "success"
    assert {path: (row["text"], row["status"]) for path, row in paths(home).items()} == {
        "docs/big.txt": (None, "synced"),
        "docs/latin.txt": (None, "synced"),
    }


def test_terraform_is_read_wherever_it_is(home: Bench, repository: Repository) -> None:
    """Many landing zones have their stages at the top: nothing of them is published, all they declare is known."""
    repository.commit(
        "Begin",
        **{
            "1-org__main.tf": 'module "topic" {\n  source = "../modules/topic"\n  name = "orders"\n}\n',
            "modules__topic__main.tf": 'variable "name" {}\nresource "google_pubsub_topic" "this" {\n'
            '  name = var.name\n  project = "shop-prod"\n}\n',
            "1-org__terraform.tfvars.example": 'name = "example"\n',
            "1-org__notes.pdf": "%PDF",
        },
    )
    outcome = done(home.run(GitLayer()))
    assert (outcome.status, outcome.details["not_mapped"], outcome.items_synced) == ("success", 4, 0)
    files = paths(home)
    assert files["1-org/main.tf"]["text"].startswith("module") and files["1-org/notes.pdf"]["text"] is None
    (row,) = home.cache.state.rows("SELECT address, path, line, asset_name FROM declared_resources")
    assert row["asset_name"] == "//pubsub.googleapis.com/projects/shop-prod/topics/orders"
    assert (row["path"], row["line"]) == ("modules/topic/main.tf", 2)
    assert outcome.details["declared"]["files"]["terraform"] == 2


def test_a_damaged_mirror_is_made_anew(home: Bench, repository: Repository) -> None:
    repository.commit("Begin", **{"a.md": "# A"})
    done(home.run(GitLayer()))
    mirror = home.home / "git" / "mirror.git"
    for path in [*mirror.rglob("*.pack"), *mirror.glob("objects/??/*")]:
        path.chmod(0o600)
        path.write_bytes(b"")
    (mirror / "refs" / "portal" / "head.lock").touch()  # as kill -9 leaves it
    repository.commit("More", **{"b.md": "# B"})
    for _ in range(3):
        try:
            outcome = home.run(GitLayer())
            if isinstance(outcome, Outcome):
                break
        except Retryable:
            continue
    assert set(paths(home)) == {"a.md", "b.md"}


def test_a_repository_cannot_make_git_run_anything(
    home: Bench, repository: Repository, tmp_path: Path
) -> None:
    """Hooks and filters of the repository stay text; an address is never an option or a command."""
    mark = tmp_path / "ran"
    repository.commit("Begin", **{".gitattributes": "* filter=evil\n", "a.md": "# A"})
    hook = repository.folder / ".git" / "hooks" / "post-upload-pack"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    done(home.run(GitLayer()))
    for url in (f"ext::sh -c 'touch {mark}'", f"--upload-pack=touch {mark}"):
        with pytest.raises(GitFailed):
            git("ls-remote", "--", url)
    assert not mark.exists()


def test_without_an_address_there_is_no_source_and_the_sample_has_one(tmp_path: Path) -> None:
    from sync_jobs.sample.commits import COMMITS
    from sync_jobs.sample.repository import make_repository
    from sync_jobs.sample.timeline import Year

    home, layer = Bench(tmp_path / "home"), GitLayer()
    ctx = home.context(layer)
    home.state.release(ctx.lease)
    assert isinstance(layer.source(ctx.settings, home.cache), NotConfigured)
    make_repository(home.home / "sample" / "repo", Year(datetime(2026, 5, 1, tzinfo=UTC)))
    home.kind = "sample"
    outcome = done(home.run(layer))
    assert outcome.status == "success" and outcome.details["commits"] == len(COMMITS)
    assert "ARCHITECTURE.md" in paths(home)
