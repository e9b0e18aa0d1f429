"""Commits in their order, versions of files between any two of them, and a landing zone of a real size."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from app.engines.local import LocalEngine
from app.settings import Settings
from app.sql_files import adhoc
from sync_jobs.layers.base import Outcome, Unknown
from sync_jobs.layers.git.layer import GitLayer
from sync_jobs.layers.git.mirror import Mirror
from tests.fixtures.layer_context import Bench
from tests.fixtures.repositories import Repository, landing_zone


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "lz")


@pytest.fixture
def home(tmp_path: Path, repository: Repository) -> Bench:
    return Bench(tmp_path / "home", settings={"git_url": repository.url})


def synced(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def ask(home: Bench, sql: str) -> list[dict[str, object]]:
    engine = LocalEngine(Settings(home=home.home))
    try:
        return list(engine.query(adhoc(sql, {}), {}).to_pylist())
    finally:
        engine.close()


def tree_at(home: Bench, position: int) -> dict[str, object]:
    rows = ask(
        home,
        "SELECT path, text FROM git_versions WHERE from_position <= "
        f"{position} AND (until_position IS NULL OR until_position > {position})",
    )
    return {str(row["path"]): row["text"] for row in rows}


def expected_tree(repository: Repository, commit: str) -> dict[str, object]:
    paths = repository.git("ls-tree", "-r", "--name-only", commit).splitlines()
    mapped = [
        path for path in paths if path.startswith(("docs/", "policies/", "terraform/")) or path == "README.md"
    ]
    return {path: repository.bytes("show", f"{commit}:{path}").decode() for path in mapped}


def check(home: Bench, repository: Repository) -> None:
    """Every position's tree is that of its commit, and positions follow the line of first parents."""
    rows = ask(
        home, "SELECT commit_sha, position FROM git_commits WHERE position IS NOT NULL ORDER BY position"
    )
    line = repository.git("rev-list", "--first-parent", "--reverse", "HEAD").splitlines()
    listed = [row["commit_sha"] for row in rows]
    assert [row["position"] for row in rows] == list(range(len(rows)))
    assert listed == line[-len(listed) :]
    for row in rows:
        assert tree_at(home, int(str(row["position"]))) == expected_tree(repository, str(row["commit_sha"]))


def test_the_tree_at_every_commit_can_be_told(home: Bench, repository: Repository) -> None:
    repository.commit("One", **{"README.md": "# 1\n", "docs__a.md": "a1\n", "app__x": "x"})
    repository.commit("Two", **{"docs__a.md": "a2\n", "docs__b.md": "b\n"})
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit("Side", **{"docs__side.md": "side\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit("Three", **{"docs__a.md": None})
    repository.git("merge", "--quiet", "--no-ff", "--message", "Merge", "side")
    repository.commit("Back", **{"docs__a.md": "a1\n", "terraform__m.tf": "locals {}\n"})
    synced(home.run(GitLayer()))
    check(home, repository)
    rows = {str(row["message"]): row for row in ask(home, "SELECT * FROM git_commits")}
    assert rows["Side"]["position"] is None and len(rows) == 6
    assert rows["Merge"]["parents"] == [rows["Three"]["commit_sha"], rows["Side"]["commit_sha"]]
    assert rows["Merge"]["files_changed"] == ["docs/side.md"] and rows["One"]["parents"] == []


def test_further_commits_are_added_and_the_history_is_bounded(home: Bench, repository: Repository) -> None:
    home.settings["git_history_commits"] = 5
    for number in range(8):
        repository.commit(f"c{number}", **{"docs__a.md": f"{number}\n"})
    outcome = synced(home.run(GitLayer()))
    assert outcome.details["commits"] == 5
    assert outcome.details["oldest_commit_listed"] == repository.git("rev-parse", "HEAD~4")
    check(home, repository)
    for number in range(8, 11):
        repository.commit(f"c{number}", **{"docs__a.md": f"{number}\n", f"docs__n{number}.md": "new\n"})
    synced(home.run(GitLayer()))
    check(home, repository)
    oldest = ask(home, "SELECT files_changed, parents FROM git_commits WHERE position = 0")[0]
    assert oldest["files_changed"] == ["docs/a.md"] and oldest["parents"], (
        "not all files: its parent is known"
    )


def test_a_history_that_was_pushed_over_is_exchanged(home: Bench, repository: Repository) -> None:
    for number in range(4):
        repository.commit(f"c{number}", **{"docs__a.md": f"{number}\n"})
    synced(home.run(GitLayer()))
    repository.git("checkout", "--quiet", "--orphan", "fresh")
    repository.commit("Anew", **{"docs__z.md": "z\n"})
    repository.git("branch", "--quiet", "--force", "main", "fresh")
    repository.git("checkout", "--quiet", "main")
    synced(home.run(GitLayer()))
    check(home, repository)
    assert [row["message"] for row in ask(home, "SELECT message FROM git_commits")] == ["Anew"]


def test_binary_and_large_versions_have_no_text(home: Bench, repository: Repository) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    repository.commit("One", **{"docs__logo.png": png, "docs__big.md": "x" * 300_000})
    synced(home.run(GitLayer()))
    rows = {str(row["path"]): row for row in ask(home, "SELECT * FROM git_versions")}
    assert rows["docs/logo.png"]["text"] is None and rows["docs/big.md"]["text"] is None
    assert rows["docs/big.md"]["size_bytes"] == 300_000
    image = ask(home, "SELECT path, media_type, size_bytes, content FROM git_images")
    assert image == [
        {"path": "docs/logo.png", "media_type": "image/png", "size_bytes": len(png), "content": png}
    ]


def test_a_landing_zone_of_650_files(tmp_path: Path) -> None:
    repository = landing_zone(tmp_path / "lz")
    home = Bench(tmp_path / "home", settings={"git_url": repository.url})
    outcome = synced(home.run(GitLayer()))
    details = outcome.details
    assert outcome.status == "success", outcome.errors
    assert details["files"] == 650 == details["files_synced"] + details["not_mapped"] + details["refused"]
    declared = details["declared"]
    assert declared["files"]["terraform"] == 265 and declared["files"]["unreadable"] == []
    assert declared["declared"] == 12 * 20 * 2 == declared["resolved"]
    assert ask(
        home, "SELECT COUNT(*) AS n FROM declared_resources WHERE resource_type = 'google_storage_bucket'"
    ) == [{"n": 480}]
    assert details["commits"] == 21
    began = time.perf_counter()
    found = ask(
        home,
        "SELECT path, SUM(weight) AS w FROM git_terms WHERE term IN ('guide', '123') GROUP BY path ORDER BY w DESC LIMIT 3",
    )
    assert found[0]["path"] == "docs/guide-123.md"
    assert time.perf_counter() - began < 5


def test_when_the_history_cannot_be_had_the_files_are_shown_and_the_next_run_brings_it(
    home: Bench, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repository goes away between the two fetches of a first sync."""
    for number in range(3):
        repository.commit(f"c{number}", **{"docs__a.md": f"{number}\n"})
    away = repository.folder.with_name("away")
    fetch = Mirror.fetch

    def vanishing(mirror: Mirror, ref: str, depth: int) -> str:
        if depth > 1:
            repository.folder.rename(away)
        return fetch(mirror, ref, depth)

    with monkeypatch.context() as patched:
        patched.setattr(Mirror, "fetch", vanishing)
        outcome = synced(home.run(GitLayer()))
    assert outcome.status == "partial" and "history could not be fetched" in outcome.errors[0]
    assert ask(home, "SELECT text FROM git_files") == [{"text": "2\n"}]
    away.rename(repository.folder)
    assert synced(home.run(GitLayer())).status == "success"
    check(home, repository)
