"""The sample repository: its history ends in the files that are in the source tree."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sync_jobs.layers.git.extract import Request, Snapshot, extract
from sync_jobs.layers.git.mapping import Mapped
from sync_jobs.sample.commits import COMMITS
from sync_jobs.sample.repository import SOURCE, make_repository
from sync_jobs.sample.timeline import Year

YEAR = Year(datetime(2026, 5, 20, tzinfo=UTC))


def test_the_last_commit_holds_the_files_as_they_are(tmp_path: Path) -> None:
    made = make_repository(tmp_path / "repo", YEAR)
    request = Request(
        made.as_uri(),
        "HEAD",
        tmp_path / "mirror",
        Mapped([{"from": "**", "to": "all/"}]),
        10**6,
        500,
        with_history=True,
    )
    snapshot = extract(request)
    assert isinstance(snapshot, Snapshot) and snapshot.past is not None
    expected = {
        path.relative_to(SOURCE).as_posix(): path.read_bytes() for path in SOURCE.rglob("*") if path.is_file()
    }
    assert {file.path: snapshot.contents[file.oid] for file in snapshot.files} == expected
    assert len(snapshot.past.history.commits) == len(COMMITS) >= 25
    assert all(commit.changes for commit in snapshot.past.history.commits), "no commit is empty"


def test_made_again_it_is_the_same(tmp_path: Path) -> None:
    heads = [(make_repository(tmp_path / name, YEAR) / "refs/heads/main").read_text() for name in ("a", "b")]
    assert heads[0] == heads[1]
