"""The metrics layer on a real cache, with the local engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import orjson
import pytest

from app.schema import duckdb_ddl, tables
from sync_jobs.layers.base import NotConfigured, Outcome, Unknown
from sync_jobs.layers.metrics.layer import MetricsLayer
from sync_jobs.store.cache import Cache
from tests.fixtures.layer_context import Bench

TODAY = datetime.now(UTC).date()


def day(back: int) -> date:
    return TODAY - timedelta(days=back)


class Home(Bench):
    """A home with a real cache whose counts per day tests set."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.cache = Cache(self.home)
        self.state = self.cache.state
        self.number = 0

    def count(self, resources: dict[date, int]) -> None:
        """Publish `resources_daily`: so many assets per day."""
        self.number += 1
        file = self.home / f"counts-{self.number}.parquet"
        with duckdb.connect() as connection:
            connection.execute(duckdb_ddl(tables()["resources_daily"]))
            for when, number in resources.items():
                row = [when, "p", "", "a/B", "", number]
                connection.execute("INSERT INTO resources_daily VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.execute(f"COPY resources_daily TO '{file}' (FORMAT parquet)")
        lease = self.state.acquire("lease:assets", "test", 60)
        assert lease is not None
        adopted = self.cache.adopt(file, f"resources_daily/{file.name}")
        self.cache.publish(lease, {"resources_daily": [adopted]}, {})
        self.state.release(lease)
        self.cache.mark_source("real")

    def metrics(self) -> list[tuple[str, int, float | None]]:
        rows = self.state.rows("SELECT date, total_resources, total_cost FROM daily_metrics ORDER BY date")
        return [(row["date"], row["total_resources"], row["total_cost"]) for row in rows]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def done(outcome: Outcome | Unknown) -> Outcome:
    assert isinstance(outcome, Outcome), outcome
    return outcome


def bill(path: Path, *rows: tuple[date, str, object]) -> str:
    lines = [
        orjson.dumps(
            {
                "usage_start_time": f"{when}T00:00:00Z",
                "project": {"id": project},
                "service": {"description": "Compute Engine"},
                "sku": {"description": "Core"},
                "currency": "EUR",
                "cost": cost,
                "credits": [],
            }
        )
        for when, project, cost in rows
    ]
    path.write_bytes(b"\n".join(lines))
    return str(path)


def test_every_past_day_gets_its_figures_and_today_does_not(home: Home) -> None:
    home.count({day(400): 5, day(2): 7, day(1): 8, day(0): 9})
    outcome = done(home.run(MetricsLayer()))
    assert (outcome.status, outcome.details["days_changed"]) == ("success", 3)
    expected = [(day(400).isoformat(), 5, None), (day(2).isoformat(), 7, None), (day(1).isoformat(), 8, None)]
    assert home.metrics() == expected
    row = home.state.rows("SELECT * FROM daily_metrics LIMIT 1")[0]
    assert row["resources_with_violations"] is None and row["avg_compliance_score"] is None


def test_again_it_writes_nothing(home: Home) -> None:
    home.count({day(2): 7, day(1): 8})
    done(home.run(MetricsLayer()))
    before = home.state.rows("SELECT * FROM daily_metrics")
    assert done(home.run(MetricsLayer())).details["days_changed"] == 0
    assert home.state.rows("SELECT * FROM daily_metrics") == before, "_rev and created_at included"


def test_missed_days_are_filled_and_mended_counts_followed(home: Home) -> None:
    home.count({day(60): 4, day(1): 8})
    done(home.run(MetricsLayer()))
    home.count({day(60): 4, day(59): 5, day(3): 6, day(1): 10})
    assert done(home.run(MetricsLayer())).details["days_changed"] == 3
    assert [row[1] for row in home.metrics()] == [4, 5, 6, 10]


def test_costs_are_added_up_exactly_and_replaced_when_late_rows_come(home: Home, tmp_path: Path) -> None:
    home.count({day(2): 7, day(1): 8})
    file = bill(tmp_path / "b.ndjson", (day(2), "p", 0.100001), (day(2), "p", 0.2), (day(1), "q", 3))
    outcome = done(home.run(MetricsLayer(), paths=[file]))
    assert outcome.details["cost_rows"] == 2
    costs = {
        row["project_id"]: Decimal(row["net_cost"]) for row in home.state.rows("SELECT * FROM daily_costs")
    }
    assert costs == {"p": Decimal("0.300001"), "q": Decimal(3)}
    assert [row[2] for row in home.metrics()] == [pytest.approx(0.300001), 3.0]
    late = bill(tmp_path / "late.ndjson", (day(2), "p", 0.5), (day(1), "q", 3), (day(1), "q", 4))
    done(home.run(MetricsLayer(), paths=[late]))
    assert [row[2] for row in home.metrics()] == [0.5, 7.0]
    done(home.run(MetricsLayer()))
    assert [row[2] for row in home.metrics()] == [0.5, 7.0], "without billing data the known costs stay"


def test_rows_that_do_not_fit_are_dead_letters_and_the_rest_counts(home: Home, tmp_path: Path) -> None:
    home.count({day(1): 8})
    file = Path(bill(tmp_path / "b.ndjson", (day(1), "p", 2), (day(1), "p", "NaN"), (day(1), "p", None)))
    file.write_bytes(file.read_bytes() + b'\n{"cost": 1}\n[1]\n{broken')
    outcome = done(home.run(MetricsLayer(), paths=[str(file)]))
    assert (outcome.status, outcome.items_failed) == ("partial", 5)
    assert home.metrics()[0][2] == 2.0
    letters = home.state.rows("SELECT position, reason, raw FROM dead_letters ORDER BY position")
    assert [row["position"] for row in letters] == ["line 2", "line 3", "line 4", "line 5", "line 6"]
    assert letters[-1]["raw"] == b"{broken" and all(row["reason"] for row in letters)


def test_many_batches_are_one_sum(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync_jobs.layers.metrics.extract.BATCH", 3)
    home.count({day(1): 8})
    file = bill(tmp_path / "b.ndjson", *[(day(1), "p", 1.5)] * 20)
    done(home.run(MetricsLayer(), paths=[file]))
    assert home.metrics()[0][2] == 30.0


def test_without_assets_there_is_nothing_to_add_up(home: Home) -> None:
    source = MetricsLayer().source(home.context(MetricsLayer()).settings, home.cache)
    assert isinstance(source, NotConfigured) and "import-assets" in source.hint
