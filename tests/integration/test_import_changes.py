"""import-assets again and again: nothing new changes nothing, a newer file gives exactly what changed, days roll."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sync_jobs.layers.assets import snapshot
from sync_jobs.store.cache import Cache
from tests.fixtures.exports import ORG, Portal, fleet, instance, policy, portal, write


@pytest.fixture(params=["one sorted file", "spread by asset type"])
def home(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A home whose states are written as small ones are, and again as those of many assets are."""
    if request.param == "spread by asset type":
        monkeypatch.setattr(snapshot, "SPREAD_FROM", 1)
    with portal(tmp_path / "home") as made:
        yield made


def test_importing_again_changes_nothing(home: Portal, tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", fleet(4))
    home.bring(path, at="2026-03-02T08:00:00Z")
    files, first = home.files(), home.ask("SELECT * FROM assets ORDER BY name")
    run = home.bring(path, at="2026-03-02T09:00:00Z")
    assert (run["status"], run["items_synced"]) == ("success", 4)
    assert home.files() == files
    assert home.ask("SELECT * FROM assets ORDER BY name") == first
    assert home.changes() == {}
    assert home.manifest().info["assets_as_of"] == "2026-03-02T09:00:00+00:00"


def test_a_file_listed_twice_is_the_same_state(home: Portal, tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", fleet(3))
    run = home.bring(path, path)
    assert (run["items_synced"], len(home.names())) == (3, 3)
    copied = write(tmp_path / "copy.json", fleet(3))
    home.bring(path, copied)
    assert home.names() == ["till-000", "till-001", "till-002"]
    assert home.changes() == {}


def test_a_newer_file_gives_exactly_the_changes(home: Portal, tmp_path: Path) -> None:
    old = fleet(5)
    home.bring(write(tmp_path / "old.json", old), at="2026-03-02T08:00:00Z")
    new = copy.deepcopy(old)
    del new[4]
    new[1]["resource"]["data"]["status"] = "TERMINATED"
    new[1]["updateTime"] = "2026-03-02T08:30:00Z"
    new[2]["ancestors"] = ["projects/1111", "folders/77", ORG]
    new[3]["updateTime"] = "2026-03-02T08:40:00Z"  # told again, not changed
    new.append(instance("till-new"))
    run = home.bring(write(tmp_path / "new.json", new), at="2026-03-02T09:00:00Z")
    assert {key: run["details"][key] for key in ("created", "updated", "deleted", "assets")} == {
        "created": 1, "updated": 2, "deleted": 1, "assets": 5,
    }  # fmt: skip
    changes = home.changes()
    assert set(changes) == {
        ("till-001", "updated"), ("till-002", "updated"), ("till-004", "deleted"), ("till-new", "created"),
    }  # fmt: skip
    updated = changes["till-001", "updated"]
    assert updated["changed_fields"] == ["resource"]
    assert updated["before"]["resource"] == old[1]["resource"]
    assert updated["after"]["resource"] == new[1]["resource"]
    assert updated["changed_at"] == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
    assert updated["observed_at"] == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (updated["source"], updated["actor"], updated["run_id"]) == ("import", None, run["run_id"])
    moved = changes["till-002", "updated"]
    assert moved["changed_fields"] == ["ancestors"]
    assert (moved["before"]["ancestors"][1], moved["after"]["ancestors"][1]) == (
        "folders/400500600",
        "folders/77",
    )
    deleted = changes["till-004", "deleted"]
    assert (deleted["before"]["resource"], deleted["after"]) == (old[4]["resource"], None)
    assert (deleted["project_id"], deleted["location"]) == ("quartz-shop", "europe-west1-b")
    created = changes["till-new", "created"]
    assert (created["before"], created["after"]["resource"]) == (None, new[-1]["resource"])
    assert deleted["changed_fields"] == created["changed_fields"] == []
    assert home.names() == ["till-000", "till-001", "till-002", "till-003", "till-new"]


def test_first_seen_is_kept_and_last_seen_moves(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)), at="2026-03-02T08:00:00Z")
    home.bring(write(tmp_path / "b.json", fleet(3)), at="2026-03-02T09:00:00Z")
    rows = {name: home.asset(name) for name in home.names()}
    assert {row["first_seen"].hour for row in (rows["till-000"], rows["till-001"])} == {8}
    assert rows["till-002"]["first_seen"].hour == 9
    assert {row["last_seen"].hour for row in rows.values()} == {9}


def test_a_changed_policy_names_its_field(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)), write(tmp_path / "p.json", [policy("till-000")]),
               at="2026-03-02T08:00:00Z")  # fmt: skip
    home.bring(write(tmp_path / "q.json", [policy("till-000", "allUsers")]), at="2026-03-02T09:00:00Z")
    ((_, change),) = home.changes().items()
    assert (change["change_type"], change["changed_fields"]) == ("updated", ["iam_policy"])
    assert change["after"]["iam_policy"]["bindings"][0]["members"] == ["allUsers"]
    assert home.asset("till-000")["resource"]["data"]["name"] == "till-000"


def respelled(value: Any) -> Any:
    """The same value with its keys the other way round."""
    if isinstance(value, dict):
        return {key: respelled(value[key]) for key in reversed(value)}
    return [respelled(one) for one in value] if isinstance(value, list) else value


def test_order_of_keys_and_white_space_are_no_change(home: Portal, tmp_path: Path) -> None:
    assets = [instance("till-000", nested=[{"b": 1, "a": {"d": "é", "c": None}}], n=1.5), *fleet(3)[1:]]
    home.bring(write(tmp_path / "a.json", assets), at="2026-03-02T08:00:00Z")
    for hour, content in enumerate(
        (
            json.dumps(assets, indent=3).encode(),
            json.dumps([respelled(one) for one in assets]).encode(),
            json.dumps(assets, ensure_ascii=False, separators=(",", ":")).encode(),
            json.dumps(list(reversed(assets))).encode(),
        ),
        start=9,
    ):
        run = home.bring(write(tmp_path / f"{hour}.json", content), at=f"2026-03-02T{hour:02}:00:00Z")
        assert run["status"] == "success", run["error_messages"]
        assert home.changes() == {}, content[:60]


def test_an_older_export_is_refused(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(3)), at="2026-03-02T08:00:00Z")
    before, files = home.manifest(), home.files()
    run = home.bring(write(tmp_path / "b.json", fleet(1)), at="2026-03-01T08:00:00Z")
    assert run["status"] == "failed"
    assert "older than the state known" in run["error_messages"][0]
    assert (home.manifest(), home.files()) == (before, files)
    assert len(home.names()) == 3


def counted(home: Portal) -> dict[date, int]:
    rows = home.ask("SELECT date, SUM(resources) AS n FROM resources_daily GROUP BY date")
    return {row["date"]: row["n"] for row in rows}


def test_days_roll(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "1.json", fleet(2)), at="2026-03-30T08:00:00Z")
    assert home.ask("SELECT * FROM asset_snapshots") == []
    assert counted(home) == {date(2026, 3, 30): 2}
    home.bring(write(tmp_path / "2.json", fleet(3)), at="2026-03-31T08:00:00Z")
    home.bring(write(tmp_path / "3.json", fleet(4)), at="2026-03-31T20:00:00Z")
    home.bring(write(tmp_path / "4.json", fleet(1)), at="2026-04-02T08:00:00Z")  # the 1st is a gap
    days = home.ask("SELECT date, COUNT(*) AS n FROM asset_snapshots GROUP BY date ORDER BY date")
    assert days == [{"date": date(2026, 3, 30), "n": 2}, {"date": date(2026, 3, 31), "n": 4}]
    assert counted(home) == {date(2026, 3, 30): 2, date(2026, 3, 31): 4, date(2026, 4, 2): 1}
    (row,) = home.ask(
        "SELECT project_id, asset_type, location, resources FROM resources_daily WHERE date = DATE '2026-03-31'"
    )
    assert row == {
        "project_id": "quartz-shop", "asset_type": "compute.googleapis.com/Instance",
        "location": "europe-west1-b", "resources": 4,
    }  # fmt: skip


def test_a_day_rolls_also_when_nothing_changed(home: Portal, tmp_path: Path) -> None:
    path = write(tmp_path / "1.json", fleet(2))
    home.bring(path, at="2026-03-30T08:00:00Z")
    home.bring(path, at="2026-03-31T08:00:00Z")
    home.bring(path, at="2026-04-01T08:00:00Z")
    assert counted(home) == {date(2026, 3, 30): 2, date(2026, 3, 31): 2, date(2026, 4, 1): 2}
    days = home.ask("SELECT date, COUNT(*) AS n FROM asset_snapshots GROUP BY date ORDER BY date")
    assert days == [{"date": date(2026, 3, 30), "n": 2}, {"date": date(2026, 3, 31), "n": 2}]


def test_old_days_leave_after_the_retention(tmp_path: Path) -> None:
    with portal(tmp_path / "home", snapshot_retention_days=2) as home:
        for day in range(1, 6):
            home.bring(write(tmp_path / f"{day}.json", fleet(day)), at=f"2026-03-0{day}T08:00:00Z")
        kept = home.ask("SELECT DISTINCT date FROM asset_snapshots ORDER BY date")
        assert [row["date"].day for row in kept] == [3, 4]
        assert sorted(day.day for day in counted(home)) == [1, 2, 3, 4, 5], "counts are kept"


def test_a_source_replaces_the_sample_entirely(home: Portal, tmp_path: Path) -> None:
    Cache(home.home).mark_source("sample")
    sample = write(tmp_path / "sample.json", [instance("show-0", "sample-project", "9")])
    home.bring(sample, at="2026-03-30T08:00:00Z", trigger="sample")
    later = [instance("show-1", "sample-project", "9")]
    home.bring(write(tmp_path / "later.json", later), at="2026-03-31T08:00:00Z", trigger="sample")
    assert home.ask("SELECT COUNT(*) AS n FROM asset_changes")[0]["n"] > 0
    # Older than the sample pretends to be: the sample is no state to be newer than.
    run = home.bring(write(tmp_path / "real.json", fleet(2)), at="2026-03-01T08:00:00Z")
    assert run["status"] == "success", run["error_messages"]
    assert home.names() == ["till-000", "till-001"]
    for table in ("asset_changes", "asset_snapshots"):
        assert home.ask(f"SELECT * FROM {table}") == [], table
    assert counted(home) == {date(2026, 3, 1): 2}
    assert [row["run_id"] for row in home.ask("SELECT run_id FROM sync_runs")] == [run["run_id"]]


def test_an_empty_file_does_not_remove_the_sample(home: Portal, tmp_path: Path) -> None:
    Cache(home.home).mark_source("sample")
    home.bring(write(tmp_path / "sample.json", [instance("show-0", "sample-project", "9")]), trigger="sample")
    (tmp_path / "empty.json").touch()
    home.bring(str(tmp_path / "empty.json"))
    assert home.names() == ["show-0"]


def test_many_changes_stay_in_few_files(
    home: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync_jobs.layers.assets.publish.MOST_FILES", 4)
    for minute in range(9):
        turned = [instance("till-000", turn=minute)]
        home.bring(write(tmp_path / "now.json", turned), at=f"2026-03-02T08:{minute:02}:00Z")
        assert len(home.manifest().files("asset_changes")) <= 4
    (row,) = home.ask("SELECT COUNT(*) AS n, COUNT(DISTINCT change_id) AS ids FROM asset_changes")
    assert row == {"n": 8, "ids": 8}
