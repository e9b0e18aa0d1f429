"""The metrics layer: the figures of each day, computed by the files in sql/metrics, every night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.metrics.extract import Refused, batches, billing_rows
from sync_jobs.layers.metrics.normalise import changed, merged

if TYPE_CHECKING:
    from app.engines.base import Engine
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

Row = dict[str, Any]

SAMPLE_BILLING = Path("sample") / "billing.ndjson"
LATE_DAYS = 35  # late billing rows and mended counts change days that were computed before
SOURCE = "assets"


@dataclass(frozen=True)
class Costs:
    """Costs read from billing rows, as SQL added them up per batch; None where there is no billing data."""

    parts: list[Row] | None
    refused: list[Refused]
    source: str


@dataclass(frozen=True)
class Rows:
    """Rows of `daily_costs`, None where they stay as they are; and lines that were refused."""

    costs: list[Row] | None
    refused: list[Refused]
    source: str


class MetricsLayer:
    """Adds up what the other layers stored."""

    name = "metrics"
    title = "Daily metrics"

    def schedule(self, settings: Settings) -> Schedule:
        """Every night at 01:00 UTC."""
        return Schedule.daily(1)

    def freshness_target(self, settings: Settings) -> float:
        """Of the settings."""
        return settings.freshness_metrics

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The local cache, once it holds assets."""
        if cache.has_source() == "none":
            return NotConfigured(
                "there are no assets yet, so there is nothing to add up.",
                "Set PORTAL_GCP_SCOPE, or import an export file with `python -m sync_jobs import-assets`.",
            )
        return "local cache"

    def extract(self, ctx: RunContext) -> Costs | Unknown:
        """Billing rows: of files given by hand, or of the sample."""
        paths = [Path(path) for path in ctx.options.get("paths") or []]
        sample = ctx.settings.home / SAMPLE_BILLING
        if not paths and ctx.cache.has_source() == "sample" and sample.is_file():
            paths = [sample]
        if not paths:
            return Costs(None, [], "local cache")
        refused: list[Refused] = []
        parts: list[Row] = []
        with _engine(ctx) as engine:
            for batch in batches(billing_rows(paths, refused)):
                ctx.check()
                parts += _rows(engine, "metrics/daily_costs", rows=batch)
                ctx.progress(len(parts), None, "cost rows")
        named = "sample billing rows" if paths == [sample] else ", ".join(str(path) for path in paths)
        return Costs(parts, refused, f"local cache, {named}")

    def normalise(self, extracted: Costs, ctx: RunContext) -> Rows:
        """One row per day, project, service, SKU, location and currency."""
        costs = None if extracted.parts is None else merged(extracted.parts, ctx.run_id)
        return Rows(costs, extracted.refused, extracted.source)

    def store(self, normalised: Rows, ctx: RunContext) -> Outcome:
        """Costs first, then the figures of every day that has none, and of the last weeks again."""
        state, rows = ctx.cache.state, normalised
        now = datetime.now(UTC)
        with state.transaction():
            state.check(ctx.lease)
            if rows.costs:
                first, last = min(row["date"] for row in rows.costs), max(row["date"] for row in rows.costs)
                state.delete("daily_costs", "date BETWEEN ? AND ?", first.isoformat(), last.isoformat())
                state.upsert("daily_costs", rows.costs)
            state.insert_new("dead_letters", [one.row(ctx.run_id, now) for one in rows.refused])
        figures = _figures(ctx, yesterday=ctx.read_time.date() - timedelta(days=1))
        known = {
            row["date"]: row for row in state.rows("SELECT * FROM daily_metrics WHERE source = ?", SOURCE)
        }
        new = changed(figures, known)
        with state.transaction():
            state.check(ctx.lease)
            state.upsert("daily_metrics", [{**row, "created_at": now} for row in new])
        return Outcome(
            items_synced=len(figures),
            items_failed=len(rows.refused),
            errors=[f"{one.path}, line {one.line}: {one.reason}" for one in rows.refused[:3]],
            hint="The lines are in the dead letters." if rows.refused else "",
            details={"days": len(figures), "days_changed": len(new), "cost_rows": len(rows.costs or [])},
            source=rows.source,
        )

    def cleanup(self, ctx: RunContext) -> None:
        """Nothing is left behind."""


def _figures(ctx: RunContext, yesterday: date) -> list[Row]:
    """Rows of `daily_metrics` from the first day without one, or some weeks ago, up to yesterday."""
    with _engine(ctx) as engine:
        missing = _rows(engine, "metrics/first_missing_day", last_day=yesterday)[0]["first_day"]
        first = min(filter(None, (missing, yesterday - timedelta(days=LATE_DAYS))))
        return _rows(engine, "metrics/daily_metrics", first_day=first, last_day=yesterday)


def _rows(engine: Engine, key: str, **params: object) -> list[Row]:
    from app import sql_files

    found: list[Row] = engine.query(sql_files.get(key), params).to_pylist()
    return found


@contextmanager
def _engine(ctx: RunContext) -> Iterator[Engine]:
    """DuckDB over the cache of this run, whatever engine the pages use: it sees what was just committed."""
    from app.engines.local import LocalEngine

    engine = LocalEngine(ctx.settings)
    try:
        yield engine
    finally:
        engine.close()


LAYER = MetricsLayer()
