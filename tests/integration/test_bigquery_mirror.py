"""The copy in BigQuery: the same answers as the cache, after every run, through outages and cut-off passes."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import queries, sql_files
from app.engines.bigquery import BigQueryEngine
from app.engines.local import LocalEngine
from app.errors import LeaseLost, Permanent
from app.schema import tables
from app.settings import Settings
from sync_jobs import mirroring
from sync_jobs.setup.bigquery import setup
from sync_jobs.store import mirror as mirror_module
from sync_jobs.store.bigquery import BigQueryStore
from sync_jobs.store.cache import Cache
from sync_jobs.store.mirror import Mirror
from sync_jobs.store.mirror_marks import Marks
from tests.conftest import ROOT
from tests.fixtures.bqemulator import Emulator
from tests.fixtures.exports import fleet, instance, policy, write
from tests.fixtures.processes import Cli, free_port
from tests.pages.conftest import words
from tests.sql.harness import plain, same

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
SHOWN = [*sql_files.keys("pages/"), *sql_files.keys("api/")]


class Twins:
    """A home and its copy: imports as a person makes them, and both engines to ask."""

    def __init__(self, emulator: Emulator, dataset: str, home: Path) -> None:
        self.emulator, self.dataset = emulator, dataset
        self.settings = emulator.settings(home, dataset, bigquery_timeout_seconds=20)
        self.cache = Cache(home)
        self.local = LocalEngine(self.settings)
        self.remote = BigQueryEngine(self.settings)
        self._count = 0

    def bring(self, assets: list[Any], days_ago: int, trigger: str = "cli", **changes: Any) -> dict[str, Any]:
        """Import an export of that day, and return the row of sync_runs."""
        self._count += 1
        path = write(self.settings.home / f"export-{self._count}.json", assets)
        at = NOW - dt.timedelta(days=days_ago)
        settings = self.settings.model_copy(update=changes)
        return mirrored_run(settings, path, at, trigger)

    def both(self, sql: str) -> tuple[list[Any], list[Any]]:
        file = sql_files.adhoc(sql, {})
        return self.local.query(file, {}).to_pylist(), self.remote.query(file, {}).to_pylist()

    def there(self, sql: str) -> Any:
        """The one value of a question to BigQuery."""
        (row,) = self.remote.query(sql_files.adhoc(sql, {}), {}).to_pylist()
        return next(iter(row.values()))

    def mirror(self) -> Mirror:
        return Mirror(self.settings, self.cache)

    def close(self) -> None:
        self.local.close()
        self.remote.close()


def mirrored_run(settings: Settings, path: str, at: dt.datetime, trigger: str) -> dict[str, Any]:
    from sync_jobs import runner

    return runner.run("assets", trigger, {"paths": [path], "read_time": at}, settings)


@pytest.fixture
def twins(bq_emulator: Emulator, bq_dataset: str, tmp_path: Path) -> Iterator[Twins]:
    made = Twins(bq_emulator, bq_dataset, tmp_path / "home")
    setup(made.settings, dry_run=False)
    yield made
    made.close()


def hot_rows(cache: Cache) -> None:
    """Some rows of what layers other than assets write."""
    state = cache.state
    event = {"event_type": "asset.changed", "severity": "INFO", "summary": "changed", "source": "test"}
    state.upsert(
        "events",
        [
            {
                **event,
                "event_id": f"e{i}",
                "event_time": NOW - dt.timedelta(minutes=i),
                "received_at": NOW - dt.timedelta(minutes=i),
                "project_id": "quartz-shop" if i % 2 else None,
                "after": {"labels": {"größe": "☃", "n": i}},
            }
            for i in range(5)
        ],
    )
    state.upsert(
        "dead_letters",
        [
            {
                "dead_letter_id": "d1",
                "received_at": NOW,
                "layer": "assets",
                "source": "x.json",
                "reason": "not an object",
                "size_bytes": 3,
                "raw": b"\x00\xff{",
                "status": "new",
            }
        ],
    )
    state.upsert(
        "layer_status",
        [
            {
                "layer": layer,
                "title": layer,
                "configured": layer == "assets",
                "freshness_target_seconds": 600,
                "next_sync": NOW,
            }
            for layer in ("assets", "events")
        ],
    )
    state.upsert(
        "git_files",
        [
            {"path": path, "kind": "doc", "size_bytes": 5, "blob_sha": path, "title": "A", "text": "# A ä",
             "target": f"docs/lz-reference/{path}", "status": "synced", "commit_sha": "c1", "run_id": "r"}
            for path in ("docs/a.md", "README.md")
        ],
    )  # fmt: skip
    state.upsert(
        "git_commits",
        [
            {"commit_sha": sha, "committed_at": NOW, "author": "Ada", "message": "Why", "branch": "main", "position": at,
             "parents": [], "files_changed": ["docs/a.md"], "run_id": "r"}
            for at, sha in enumerate(("c0", "c1"))
        ],
    )  # fmt: skip
    counts = {"managed": 3, "changed": 1, "missing": 0, "unmanaged": 4, "unknown": 2}
    state.upsert(
        "drift_daily", [{"date": NOW.date(), "project_id": "p", "asset_type": "t", "run_id": "r", **counts}]
    )
    alert = {"rule": "freshness", "subject": "assets", "severity": "high", "summary": "Old."}
    life = {"alert_id": "a1", "status": "firing", "fired_at": NOW, "firings": 1, "told": True}
    state.upsert("alerts", [{**alert, **life}])
    state.upsert("alert_rules", [{"rule": "freshness", "title": "Freshness", "severity": "high", "enabled": True,
                                  "params": {"a": 1}, "evaluated_at": NOW}])  # fmt: skip
    state.upsert(
        "alert_history",
        [{**alert, "history_id": "h1", "alert_id": "a1", "happened_at": NOW, "what": "fired"}],
    )
    state.upsert(
        "alert_channels", [{"channel": "slack", "configured": True, "least_severity": "low", "failures": 0}]
    )
    message = {
        "message_id": "m1",
        "channel": "slack",
        "alert_id": "a1",
        "what": "fired",
        "alert": {},
        "created_at": NOW,
    }
    state.upsert("alert_messages", [{**message, "status": "waiting"}])
    cost = {"date": NOW.date(), "service": "s", "sku": "k", "location": "", "currency": "EUR", "run_id": "r"}
    amounts = {"cost": "1.25", "credits": "-0.25", "net_cost": "1.00"}
    state.upsert("daily_costs", [{**cost, **amounts, "project_id": name} for name in ("p", "q")])
    # Whole seconds: the emulator counts seconds begun where BigQuery counts whole ones. A run keeps its day: the
    # merge compares runs within the days they began on.
    runs = state.rows("SELECT run_id, started_at FROM sync_runs ORDER BY started_at")
    for i, row in enumerate(runs):
        at = (row["started_at"] // 1_000_000 + i) * 1_000_000
        with state.transaction():
            rev = state.next_value("rev")
            state.execute(
                "UPDATE sync_runs SET started_at = ?, finished_at = ? + 2000000, _rev = ? WHERE run_id = ?",
                at, at, rev, row["run_id"],
            )  # fmt: skip


def values_for(key: str) -> dict[str, Any]:
    """Parameters without a default, and the present, the same for both engines."""
    known = {
        "now": NOW,
        "name": instance("till-001")["name"],
        "date": NOW.date() - dt.timedelta(days=1),
        "day": NOW.date() - dt.timedelta(days=1),
        "event_id": "e1",
        "alert_id": "a1",
        "dead_letter_id": "d1",
        "at": NOW,
        "ancestors": ["projects/1111", "folders/400500600", "organizations/100200300"],
        "first_day": NOW.date() - dt.timedelta(days=2),
        "last_day": NOW.date(),
        "drift_id": "google_pubsub_topic.orders",
        "path": "docs/a.md",
        "paths": ["docs/a.md"],
        "before": 0,
        "after": 1,
        "prefix": "gate",
        "names": [instance("till-001")["name"]],
        "missed": ["projects/quartz-shop"],
        "policy_id": "door_open",
        "asset_name": instance("till-001")["name"],
        "networks": ["projects/quartz-shop/global/networks/default"],
    }
    file = sql_files.get(key)
    named = {param.name for param in file.params}
    needed = {param.name for param in file.params if param.required}
    given = {
        name: known[name] for name in known.keys() & named if name in needed | {"now", "names", "missed"}
    }
    for param in file.params:
        if param.name == "today":
            given["today"] = NOW.date()
        if param.name == "since":
            ago = NOW - dt.timedelta(days=20)
            given["since"] = ago.date() if param.type == "DATE" else ago
    return given


def answers(twins: Twins) -> list[str]:
    """What differs between the engines, and which files gave no row at all."""
    wrong = []
    for key in SHOWN:
        file, params = sql_files.get(key), values_for(key)
        here, there = twins.local.query(file, params), twins.remote.query(file, params)
        if here.column_names != there.column_names or here.num_rows != there.num_rows:
            wrong.append(f"{key}: {here.num_rows} and {there.num_rows} rows of {there.column_names}")
            continue
        for one, other in zip(here.to_pylist(), there.to_pylist(), strict=True):
            wrong += [
                f"{key}.{name}: {one[name]!r} in the cache, {other[name]!r} in BigQuery"
                for name in one
                if not same(plain(one[name]), plain(other[name]))
            ]
    return wrong


def test_every_question_of_the_pages_has_the_same_answer(twins: Twins) -> None:
    machines = fleet(6)
    assert twins.bring(machines, 2)["status"] == "success"
    changed = [*machines[1:5], instance("till-005", status="TERMINATED"), instance("new", labels={"a": "ä"})]
    row = twins.bring(changed, 1)
    assert (row["status"], row["details"]["deleted"]) == ("success", 1)
    row = twins.bring([*changed[:-1], policy("till-002")], 0)
    assert row["status"] == "success", row
    hot_rows(twins.cache)
    twins.mirror().catch_up()
    assert answers(twins) == []
    for name in ("assets", "asset_changes", "asset_snapshots", "resources_daily", "events", "sync_runs"):
        here, there = twins.both(f"SELECT COUNT(*) AS n FROM {name}")
        assert here == there, name
        assert here[0]["n"] > 0, name
    here, there = twins.both("SELECT dead_letter_id, raw FROM dead_letters")
    assert here == there


def test_what_is_there_is_not_written_again(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    twins.bring(fleet(3), 1)
    twins.bring([*fleet(2), instance("other")], 0)
    assert twins.mirror().behind() == []

    def refuse(*_: object) -> None:
        raise AssertionError("BigQuery was asked although it has everything")

    monkeypatch.setattr(mirror_module, "BigQueryStore", refuse)
    assert twins.mirror().catch_up() == {}


@pytest.mark.parametrize(
    "table", ["assets", "asset_changes", "asset_snapshots", "resources_daily", "sync_runs"]
)
def test_cut_off_after_writing_a_table_nothing_is_there_twice(
    twins: Twins, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """As after kill -9: the rows are in BigQuery, the mark was not written."""
    twins.bring(fleet(3), 1)
    written = Marks.write

    def cut_off(self: Marks, lease: Any, mark: Any) -> Any:
        if mark.table == table and (mark.rev >= 0 or mark.files):
            raise LeaseLost("the process was killed here")
        return written(self, lease, mark)

    with monkeypatch.context() as patched:
        patched.setattr(Marks, "write", cut_off)
        assert twins.bring([*fleet(2), instance("other")], 0)["status"] == "partial"
    assert table in twins.mirror().behind()
    twins.mirror().catch_up()
    for name in ("assets", "asset_changes", "asset_snapshots", "resources_daily", "sync_runs"):
        key = ", ".join(tables()[name].primary_key)
        here, there = twins.both(f"SELECT {key} FROM {name} ORDER BY {key}")
        assert here == there, name
        assert here, name


def test_files_that_became_one_do_not_come_twice(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    from sync_jobs.layers.assets import publish

    monkeypatch.setattr(publish, "MOST_FILES", 1)
    for days_ago, status in ((3, "RUNNING"), (2, "STOPPING"), (1, "TERMINATED"), (0, "RUNNING")):
        assert twins.bring([instance("a", status=status)], days_ago)["status"] == "success"
    assert len(twins.cache.manifest().files("asset_changes")) == 1
    here, there = twins.both("SELECT change_id FROM asset_changes ORDER BY change_id")
    assert here == there
    assert len(here) == 3


def test_removed_rows_go_and_older_days_of_another_home_stay(twins: Twins) -> None:
    state = twins.cache.state
    cost = {"service": "s", "sku": "k", "location": "", "currency": "EUR", "run_id": "r", "project_id": "p"}
    amounts = {"cost": "1", "credits": "0", "net_cost": "1"}
    days = [NOW.date() - dt.timedelta(days=n) for n in (2, 1, 0)]
    state.upsert("daily_costs", [{**cost, **amounts, "date": day} for day in days])
    twins.mirror().catch_up()
    client = twins.emulator.client(twins.dataset)
    client.query(
        "INSERT INTO daily_costs (date, project_id, service, sku, location, currency, cost, credits, net_cost,"
        " run_id) VALUES (DATE '2020-01-01', 'p', 's', 'k', '', 'EUR', 1, 0, 1, 'earlier')"
    ).result()
    state.delete("daily_costs", "date > ?", days[0].isoformat())
    twins.mirror().catch_up()
    found = client.query("SELECT date FROM daily_costs ORDER BY date").result()
    assert [row["date"] for row in found] == [dt.date(2020, 1, 1), days[0]]
    client.close()


def test_the_sample_leaves_and_never_comes_over_real_data(twins: Twins, tmp_path: Path) -> None:
    twins.cache.mark_source("sample")
    twins.bring(fleet(3), 2, trigger="sample")
    twins.bring([*fleet(2), instance("other")], 1, trigger="sample")
    hot_rows(twins.cache)
    twins.mirror().catch_up()
    assert twins.there("SELECT value FROM portal_info WHERE key = 'source_kind'") == "sample"
    row = twins.bring([instance("real", project="amber-real")], 0)
    assert row["status"] == "success", row
    for name in tables():
        here, there = twins.both(f"SELECT COUNT(*) AS n FROM {name}")
        assert here == there, name
    assert twins.there("SELECT STRING_AGG(DISTINCT project_id) FROM assets") == "amber-real"
    assert twins.there("SELECT COUNT(*) FROM events") == 0

    settings = twins.emulator.settings(tmp_path / "other", twins.dataset)
    other = Cache(settings.home)
    other.mark_source("sample")
    with pytest.raises(Permanent, match="holds real data, and this home the sample"):
        Mirror(settings, other).catch_up()
    assert twins.there("SELECT value FROM portal_info WHERE key = 'source_kind'") == "real"


def test_bigquery_away_makes_a_run_partial_and_the_next_one_catches_up(twins: Twins) -> None:
    away: dict[str, Any] = {
        "bigquery_emulator_host": f"127.0.0.1:{free_port()}",
        "bigquery_timeout_seconds": 1,
    }
    row = twins.bring(fleet(3), 1, **away)
    assert row["status"] == "partial"
    assert "BigQuery was not brought up to date" in row["error_messages"][0]
    assert "The local cache has everything" in row["hint"]
    assert twins.local.query(sql_files.adhoc("SELECT COUNT(*) AS n FROM assets", {}), {}).to_pylist() == [
        {"n": 3}
    ]
    assert twins.there("SELECT COUNT(*) FROM assets") == 0
    assert twins.bring(fleet(4), 0)["status"] == "success"
    here, there = twins.both("SELECT run_id, status, error_messages FROM sync_runs ORDER BY started_at")
    assert here == there
    assert [one["status"] for one in there] == ["partial", "success"]
    assert twins.there("SELECT COUNT(*) FROM assets") == 4


def test_a_dataset_not_set_up_is_named_and_the_clock_catches_up(
    bq_emulator: Emulator, bq_dataset: str, tmp_path: Path
) -> None:
    twins = Twins(bq_emulator, bq_dataset, tmp_path)
    row = twins.bring(fleet(2), 0)
    assert row["status"] == "partial"
    assert "setup bigquery" in row["hint"]
    setup(twins.settings, dry_run=False)
    mirroring.Follower(twins.settings, twins.cache, threading.Event()).tick()
    assert twins.there("SELECT COUNT(*) FROM assets") == 2
    assert twins.there("SELECT status FROM sync_runs") == "partial"
    twins.close()


def test_a_table_made_anew_is_filled_anew(twins: Twins) -> None:
    twins.bring(fleet(2), 1)
    client = twins.emulator.client(twins.dataset)
    client.delete_table(f"{twins.emulator.project}.{twins.dataset}.assets")
    client.close()
    setup(twins.settings, dry_run=False)
    twins.bring(fleet(2), 0)  # as of a later day: the assets themselves are the same
    assert twins.there("SELECT COUNT(*) FROM assets") == 2


def test_a_fault_of_our_own_does_not_fail_the_run(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise ValueError("a fault")

    monkeypatch.setattr(BigQueryStore, "merge", fail)
    row = twins.bring(fleet(2), 0)
    assert row["status"] == "partial"
    assert "ValueError" in row["error_messages"][0]


def test_from_the_command_line(twins: Twins, cli: Cli, home: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "export.json", fleet(3))
    bigquery = {
        "PORTAL_ENGINE": "bigquery",
        "PORTAL_GCP_PROJECT": twins.emulator.project,
        "PORTAL_BIGQUERY_DATASET": twins.dataset,
        "BIGQUERY_EMULATOR_HOST": twins.emulator.host,
    }
    done = cli("import-assets", path, "--json", **bigquery)
    assert done.returncode == 0, done.stderr
    sql = "SELECT asset_type, COUNT(*) AS n FROM assets WHERE project_id = @p GROUP BY asset_type"
    asked = ("query", sql, "--param", "p=quartz-shop", "--format", "json")
    done = cli(*asked, "--engine", "bigquery", **bigquery)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [{"asset_type": "compute.googleapis.com/Instance", "n": 3}]
    assert json.loads(cli(*asked, "--engine", "local").stdout) == json.loads(done.stdout)


def test_a_page_shows_what_bigquery_holds(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    twins.bring(fleet(3), 0)
    client = twins.emulator.client(twins.dataset)
    client.query("DELETE FROM assets WHERE ENDS_WITH(name, '/till-001')").result()  # the cache still has it
    client.close()
    for name, value in {
        "PORTAL_HOME": str(twins.settings.home),
        "PORTAL_ENGINE": "bigquery",
        "PORTAL_GCP_PROJECT": twins.emulator.project,
        "PORTAL_BIGQUERY_DATASET": twins.dataset,
        "BIGQUERY_EMULATOR_HOST": twins.emulator.host,
        "PORTAL_API_PORT": str(free_port()),
    }.items():
        monkeypatch.setenv(name, value)
    queries.close()
    try:
        test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
        test.switch_page("../pages/infrastructure.py").run()
        assert not test.exception
        assert not [one.value for one in test.error]
        shown = words(test)
    finally:
        queries.close()
    assert "All resources 2" in shown
