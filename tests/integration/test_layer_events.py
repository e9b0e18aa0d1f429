"""The events layer against the Pub/Sub emulator, files and the sample stream."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from app.errors import Retryable
from sync_jobs.layers.base import NotConfigured, Outcome, Unknown
from sync_jobs.layers.events.layer import EventsLayer
from tests.fixtures.layer_context import Bench
from tests.fixtures.pubsub_emulator import Topic

OWN = b'{"event_type":"resource_created","resource":"projects/p-one/topics/t","timestamp":"2026-03-01T10:00:00Z"}'
FEED = orjson.dumps(
    {
        "asset": {"name": "//storage.googleapis.com/b-1", "assetType": "storage.googleapis.com/Bucket"},
        "priorAssetState": "DOES_NOT_EXIST",
        "window": {"startTime": "2026-03-01T10:00:00.5Z"},
    }
)


def bench(tmp_path: Path, topic: Topic) -> Bench:
    settings = {
        "gcp_project": topic.project,
        "pubsub_subscription": topic.subscription_name,
        "pubsub_emulator_host": topic.host,
    }
    return Bench(tmp_path / "home", settings=settings)


def done(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def test_messages_are_stored_in_order_and_acknowledged(tmp_path: Path, topic: Topic) -> None:
    home = bench(tmp_path, topic)
    topic.publish(OWN, FEED, b'{"test": "message"}')
    outcome = done(home.run(EventsLayer()))
    assert (outcome.status, outcome.items_synced, outcome.details["new"]) == ("success", 3, 3)
    rows = home.state.rows("SELECT * FROM events ORDER BY seq")
    assert sorted(row["event_type"] for row in rows) == ["resource.created", "resource.created", "test"]
    assert len({row["seq"] for row in rows}) == 3
    assert topic.waiting() == 0


def test_what_is_not_understood_goes_to_the_dead_letters_with_its_bytes(tmp_path: Path, topic: Topic) -> None:
    home = bench(tmp_path, topic)
    bad = [
        b"not json",
        b'["a list"]',
        b'{"event_type":"resource.exploded","timestamp":"2026-03-01T10:00:00Z"}',
        b"\xff\xfe",
    ]
    topic.publish(*bad, OWN)
    outcome = done(home.run(EventsLayer()))
    assert (outcome.status, outcome.items_synced, outcome.items_failed) == ("partial", 1, 4)
    letters = home.state.rows("SELECT * FROM dead_letters")
    assert sorted(row["raw"] for row in letters) == sorted(bad)
    assert all(
        row["reason"] and row["status"] == "open" and row["source"] == topic.subscription for row in letters
    )
    assert topic.waiting() == 0, "a dead letter is stored, so it is acknowledged"


def test_redelivery_changes_nothing(tmp_path: Path, topic: Topic) -> None:
    home = bench(tmp_path, topic)
    topic.publish(OWN, FEED, b"broken")
    done(home.run(EventsLayer()))
    before = (
        home.state.rows("SELECT * FROM events ORDER BY seq"),
        home.state.rows("SELECT * FROM dead_letters"),
    )
    topic.publish(OWN, FEED, b"broken")  # the same content from the publisher again
    outcome = done(home.run(EventsLayer()))
    assert outcome.details["new"] == 0
    assert (
        home.state.rows("SELECT * FROM events ORDER BY seq"),
        home.state.rows("SELECT * FROM dead_letters"),
    ) == before


def test_nothing_is_acknowledged_when_the_commit_fails(tmp_path: Path, topic: Topic) -> None:
    home, layer = bench(tmp_path, topic), EventsLayer()
    topic.publish(OWN)
    ctx = home.context(layer)
    batch = layer.extract(ctx)
    assert not isinstance(batch, Unknown)
    home.state.release(ctx.lease)  # somebody else took over: the store must refuse
    with pytest.raises(Exception, match="lease"):
        layer.store(layer.normalise(batch, ctx), ctx)
    assert home.state.rows("SELECT * FROM events") == []
    ids = [
        one.ack_id
        for one in topic.subscriber.pull(
            subscription=topic.subscription, max_messages=10, timeout=20
        ).received_messages
    ]
    assert len(ids) == 1, "the message comes again after its deadline"


def test_a_backlog_is_read_in_one_go(tmp_path: Path, topic: Topic) -> None:
    home = bench(tmp_path, topic)
    for start in range(0, 2500, 500):
        topic.publish(*(OWN.replace(b"topics/t", b"topics/t%d" % n) for n in range(start, start + 500)))
    outcome = done(home.run(EventsLayer()))
    assert outcome.details["new"] == 2500


def test_an_empty_subscription_is_a_success(tmp_path: Path, topic: Topic) -> None:
    outcome = done(bench(tmp_path, topic).run(EventsLayer()))
    assert (outcome.status, outcome.items_synced) == ("success", 0)


def test_a_missing_subscription_is_unknown_with_a_hint(tmp_path: Path, topic: Topic) -> None:
    home = bench(tmp_path, topic)
    home.settings["pubsub_subscription"] = "not-there"
    outcome = home.run(EventsLayer())
    assert isinstance(outcome, Unknown)
    assert (
        "not-there does not exist" in outcome.reason and "gcloud pubsub subscriptions create" in outcome.hint
    )


def test_nobody_there_is_not_an_empty_subscription(tmp_path: Path) -> None:
    settings = {"gcp_project": "sample-emulated", "pubsub_emulator_host": "127.0.0.1:9"}
    with pytest.raises(Retryable, match="could not be reached"):
        Bench(tmp_path / "home", settings=settings).run(EventsLayer())


def test_without_a_project_there_is_no_source(tmp_path: Path) -> None:
    home = Bench(tmp_path / "home")
    source = EventsLayer().source(home.context(EventsLayer()).settings, home.cache)
    assert isinstance(source, NotConfigured) and "PORTAL_GCP_PROJECT" in source.hint


def test_files_by_hand_hold_wire_messages_or_bodies(tmp_path: Path) -> None:
    home = Bench(tmp_path / "home")
    wire = {"data": "eyJ0ZXN0IjogIm1lc3NhZ2UifQ==", "messageId": "7", "publishTime": "2026-03-01T10:00:00Z"}
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join([json.dumps(wire).encode(), OWN, b"{broken", b""]))
    outcome = done(home.run(EventsLayer(), paths=[str(file)]))
    assert (outcome.items_synced, outcome.items_failed) == (2, 1)
    again = done(home.run(EventsLayer(), paths=[str(file)]))
    assert again.details["new"] == 0


def test_a_large_dead_letter_keeps_all_its_bytes(tmp_path: Path) -> None:
    home, file = Bench(tmp_path / "home"), tmp_path / "big.ndjson"
    body = b'{"x":"' + b"a" * 3_000_000
    file.write_bytes(body)
    done(home.run(EventsLayer(), paths=[str(file)]))
    row = home.state.rows("SELECT * FROM dead_letters")[0]
    assert len(row["raw"]) == 1024 * 1024 and row["size_bytes"] == len(body)
    assert (home.home / row["raw_file"]).read_bytes() == body


def test_deep_nesting_is_a_dead_letter_not_a_crash(tmp_path: Path) -> None:
    home, file = Bench(tmp_path / "home"), tmp_path / "deep.ndjson"
    deep = (
        b'{"event_type":"resource.created","timestamp":"2026-03-01T10:00:00Z","resource":"r","x":'
        + b"[" * 600
        + b"]" * 600
        + b"}"
    )
    file.write_bytes(deep + b"\n" + OWN)
    outcome = done(home.run(EventsLayer(), paths=[str(file)]))
    assert (outcome.items_synced, outcome.items_failed) == (1, 1)


def test_a_project_number_becomes_its_id_where_the_assets_tell_it(tmp_path: Path) -> None:
    import duckdb

    from app.schema import duckdb_ddl, tables
    from sync_jobs.store.cache import Cache

    home, file = Bench(tmp_path / "home"), tmp_path / "events.ndjson"
    feed = orjson.loads(FEED)
    bodies = [
        {**feed, "asset": {**feed["asset"], "ancestors": [f"projects/{number}"]}} for number in (42, 43)
    ]
    bodies[1]["window"] = {"startTime": "2026-03-01T11:00:00Z"}
    file.write_bytes(b"\n".join(orjson.dumps(body) for body in bodies))
    parquet = home.home / "assets.parquet"
    with duckdb.connect() as connection:
        connection.execute(duckdb_ddl(tables()["assets"]))
        connection.execute(
            "INSERT INTO assets (name, asset_type, project_id, project_number) VALUES ('x', 'a/B', 'p-one', '42')"
        )
        connection.execute(f"COPY assets TO '{parquet}' (FORMAT parquet)")
    cache = Cache(home.home)
    lease = home.state.acquire("lease:assets", "test", 60)
    assert lease is not None
    cache.publish(lease, {"assets": [cache.adopt(parquet, "assets/a.parquet")]}, {})
    done(home.run(EventsLayer(), paths=[str(file)]))
    rows = home.state.rows("SELECT project_id FROM events ORDER BY event_time")
    assert [row["project_id"] for row in rows] == ["p-one", "43"]


def test_the_sample_stream_goes_on_where_it_stopped(tmp_path: Path) -> None:
    from sync_jobs.sample import stream, subjects
    from sync_jobs.sample.make import make

    home = Bench(tmp_path / "home", kind="sample")
    made = make(home.home / "sample", datetime.now(UTC))
    layer = EventsLayer()
    home.state.set_info("sample_events_tick", str(stream.tick_of(datetime.now(UTC)) - 60))
    first = done(home.run(layer))
    assert first.details["new"] > 0
    assert done(home.run(layer)).details["new"] <= 3
    home.state.set_info("sample_events_tick", str(stream.tick_of(datetime.now(UTC)) - 60))
    assert done(home.run(layer)).details["new"] <= 6, "asked again, the same events come"
    known = {asset["name"] for asset in subjects.read(made.subjects)}
    named = [
        row["asset_name"] for row in home.state.rows("SELECT asset_name FROM events WHERE source = 'scc'")
    ]
    assert set(named) <= known
    home.kind = "real"
    assert isinstance(home.run(layer), Unknown)
