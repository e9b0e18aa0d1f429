"""The sample landing zone: deterministic, consistent, and made quickly."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from sync_jobs.layers.events.message import DeadLetter, Event
from sync_jobs.layers.events.normalise import normalise
from sync_jobs.sample import stream, subjects
from sync_jobs.sample.changes import bad_day
from sync_jobs.sample.make import DEFAULT_SEED, SampleManifest, make
from sync_jobs.sample.organisation import PROJECTS
from sync_jobs.sample.timeline import Year

AS_OF = datetime(2026, 5, 20, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SampleManifest:
    return make(tmp_path_factory.mktemp("sample"), AS_OF)


def lines(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        yield from (orjson.loads(line) for line in file)


@pytest.fixture(scope="module")
def today(made: SampleManifest) -> dict[str, Any]:
    """Base plus history, replayed; every record must fit the state it meets."""
    state = {asset["name"]: asset for asset in lines(made.base)}
    assert len(state) == made.assets_at_base
    for policy in lines(made.iam):
        state[policy["name"]]["iamPolicy"] = policy["iamPolicy"]
    before = ""
    for record in lines(made.history):
        name, moment = record["asset"]["name"], record["window"]["startTime"]
        assert before <= moment, "history is sorted"
        before = moment
        assert (name in state) == (record["priorAssetState"] == "PRESENT"), record
        if record["priorAssetState"] == "PRESENT":
            assert record["priorAsset"]["resource"] == state[name]["resource"]
            kept = {**record["asset"], "updateTime": state[name]["updateTime"]}
            assert kept != {**state[name], "updateTime": state[name]["updateTime"]}, "no news that is none"
        if record.get("deleted"):
            del state[name]
        else:
            state[name] = record["asset"]
    return state


def test_today_is_base_plus_history(made: SampleManifest, today: dict[str, Any]) -> None:
    assert len(today) == made.assets_today
    assert 19_000 <= len(today) <= 21_000
    kinds = Counter(asset["assetType"] for asset in today.values())
    assert len(kinds) >= 45
    assert kinds["cloudresourcemanager.googleapis.com/Project"] == 40
    assert kinds["cloudresourcemanager.googleapis.com/Organization"] == 1
    assert kinds["compute.googleapis.com/Instance"] > 800


def test_assets_are_whole(today: dict[str, Any]) -> None:
    numbers = {project.number for project in PROJECTS}
    for asset in today.values():
        assert asset["name"].startswith("//") and asset["updateTime"].endswith("Z")
        assert (
            asset["resource"]["data"] and asset["resource"]["version"] and asset["resource"]["discoveryName"]
        )
        assert asset["ancestors"][-1].startswith("organizations/")
        first = asset["ancestors"][0]
        assert first.startswith(("organizations/", "folders/")) or first.removeprefix("projects/") in numbers


def test_names_are_nobody_elses(made: SampleManifest) -> None:
    assert all(project.id.startswith("sample-") for project in PROJECTS)
    for path in (made.base, made.iam):
        for line in path.read_bytes().splitlines()[::7]:
            members = orjson.loads(line).get("iamPolicy", {}).get("bindings", [])
            for member in (one for binding in members for one in binding["members"] if "@" in one):
                domain = member.rpartition("@")[2]
                assert domain.endswith((".example", ".gserviceaccount.com")), member


def test_what_rules_should_find_is_there(today: dict[str, Any]) -> None:
    def count(asset_type: str, test: Any) -> int:
        return sum(1 for asset in today.values() if asset["assetType"] == asset_type and test(asset))

    def data(asset: Any) -> Any:
        return asset["resource"]["data"]

    def roles(asset: Any) -> set[str]:
        return {one["role"] for one in asset.get("iamPolicy", {}).get("bindings", [])}

    public = count(
        "storage.googleapis.com/Bucket", lambda a: b"allUsers" in orjson.dumps(a.get("iamPolicy", {}))
    )
    open_ssh = count(
        "compute.googleapis.com/Firewall",
        lambda a: "0.0.0.0/0" in data(a)["sourceRanges"] and data(a)["allowed"][0]["ports"] == ["22"],
    )
    primitive = count(
        "cloudresourcemanager.googleapis.com/Project", lambda a: roles(a) & {"roles/owner", "roles/editor"}
    )
    default = count("compute.googleapis.com/Network", lambda a: data(a)["name"] == "default")
    old = (AS_OF - timedelta(days=90)).isoformat()
    keys = count("iam.googleapis.com/ServiceAccountKey", lambda a: data(a)["validAfterTime"] < old)
    sql = count(
        "sqladmin.googleapis.com/Instance", lambda a: data(a)["settings"]["ipConfiguration"]["ipv4Enabled"]
    )
    assert public == 2 and sql == 1
    assert open_ssh >= 5 and primitive >= 7 and default == 7 and keys > 50


def test_the_year_has_its_rhythm_growth_and_bad_day(made: SampleManifest) -> None:
    days = Counter(record["window"]["startTime"][:10] for record in lines(made.history))
    weekdays = Counter()
    for day, count in days.items():
        weekdays[datetime.fromisoformat(day).weekday()] += count
    assert weekdays[5] < 0.5 * weekdays[2], "Saturdays are quiet"
    assert days.most_common(1)[0][0] == bad_day(Year(AS_OF)).date().isoformat()
    assert made.assets_today > 1.3 * made.assets_at_base


def test_the_same_seed_and_instant_make_the_same_files(made: SampleManifest, tmp_path: Path) -> None:
    began = time.process_time()
    again = make(tmp_path / "again", AS_OF)
    assert time.process_time() - began < 10, "the sample is to be made within 10 s"
    for name in ("base", "iam", "history", "subjects", "events", "billing"):
        one, other = getattr(made, name).read_bytes(), getattr(again, name).read_bytes()
        assert hashlib.sha256(one).digest() == hashlib.sha256(other).digest(), name
    heads = [(path / "refs" / "heads" / "main").read_text() for path in (made.repository, again.repository)]
    assert heads[0] == heads[1]
    assert (make(tmp_path / "other", AS_OF, seed=7).base.read_bytes()) != made.base.read_bytes()


@pytest.mark.parametrize("as_of", ["2024-02-29T00:00:00+00:00", "2026-08-16T23:59:59+02:00"])
def test_any_day_will_do(tmp_path: Path, as_of: str) -> None:
    assert make(tmp_path / "any", datetime.fromisoformat(as_of)).assets_today > 18_000


def test_every_event_is_understood_and_known_by_its_key(made: SampleManifest) -> None:
    found = [normalise(message) for message in stream.read_recent(made.events)]
    assert not [one.reason for one in found if isinstance(one, DeadLetter)]
    events = [one for one in found if isinstance(one, Event)]
    assert len(events) == made.recent_events == 1500
    assert len({event.key for event in events}) == 1500
    assert {event.source for event in events} == {"feed", "audit_log", "scc", "landing_zone", "test"}
    assert all(AS_OF - timedelta(hours=49) < event.event_time <= AS_OF for event in events)


def test_the_stream_depends_on_time_only(made: SampleManifest) -> None:
    assets = subjects.read(made.subjects)
    at = AS_OF + timedelta(minutes=10)
    start = stream.tick_of(AS_OF)
    whole, last = stream.next_events(assets, start, at, DEFAULT_SEED)
    parts, tick = [], start
    for second in range(0, 601, 7):
        some, tick = stream.next_events(assets, tick, AS_OF + timedelta(seconds=second), DEFAULT_SEED)
        parts += some
    some, tick = stream.next_events(assets, tick, at, DEFAULT_SEED)
    assert [one.data for one in parts + some] == [one.data for one in whole] and tick == last
    assert 60 < len(whole) < 200
    assert not [one for one in map(normalise, whole) if isinstance(one, DeadLetter)]
    assert stream.next_events(assets, last, at, DEFAULT_SEED) == ([], last)


def test_billing_rows_are_those_of_the_standard_export(made: SampleManifest) -> None:
    rows = list(lines(made.billing))
    assert len(rows) == made.billing_rows <= 60_000
    months = {row["invoice"]["month"] for row in rows}
    assert 13 <= len(months) <= 14
    assert any(row["cost_type"] == "tax" and row["project"] is None for row in rows)
    credits = [credit["amount"] for row in rows for credit in row["credits"]]
    assert credits and max(credits) < 0
    days = Counter()
    for row in rows:
        if row["project"] and row["project"]["id"] == "sample-sbx-aster":
            days[row["usage_start_time"][:10]] += row["cost"]
    assert max(days, key=lambda day: days[day])[:10] in {
        (bad_day(Year(AS_OF)) + timedelta(days=n)).date().isoformat() for n in (0, 1)
    }
