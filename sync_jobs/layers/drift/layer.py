"""What Terraform declares against what the cloud has: managed, changed, missing, unmanaged or unknown.

Runs after every git or assets run that changed something. Nothing is missing on the strength of a partial look, and
nothing is removed while one of the two sides is not known.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.drift import match
from sync_jobs.layers.drift.verdicts import Seen, excluded, row_of, without_asset

if TYPE_CHECKING:
    import duckdb

    from app.settings import Settings
    from sync_jobs.store.cache import Cache

NAME = "drift"
INPUTS = "drift_inputs"
Row = dict[str, Any]
_COMPARED = pa.schema(
    [
        (name, pa.string())
        for name in ("drift_id", "status", "address", "resource_type", "asset_name", "asset_type")
    ]
    + [("project_id", pa.string()), ("path", pa.string()), ("line", pa.int64())]
    + [("differences", pa.string()), ("reason", pa.string())]
)


@dataclass
class Sides:
    """Both sides: rows of declared_resources, and a connection on which the assets are prepared."""

    declared: list[Row]
    connection: duckdb.DuckDBPyConnection
    seen: Seen
    inputs: str


@dataclass
class Compared:
    """Rows of drift of what is declared, and how many declared resources of a type nobody can name."""

    sides: Sides
    rows: list[Row]
    doubts: dict[str, int]


class DriftLayer:
    """See the module."""

    name = NAME
    title = "Drift"
    follows = ("git", "assets")

    def schedule(self, settings: Settings) -> Schedule:
        """Also by the clock: a day without news has its figures too."""
        return Schedule.every(settings.git_interval_seconds)

    def freshness_target(self, settings: Settings) -> float:
        """As of the repository: it runs at least as often."""
        return settings.freshness_git

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The local cache, once it holds a repository and assets."""
        if not cache.state.rows("SELECT 1 FROM git_files LIMIT 1"):
            return NotConfigured(
                "no landing zone repository was synced yet, so nothing is declared.",
                "Set PORTAL_GIT_URL and run the git layer.",
            )
        if not cache.paths("assets"):
            return NotConfigured(
                "there are no assets yet, so there is nothing to compare with.",
                "Set PORTAL_GCP_SCOPE, or import an export file with `python -m sync_jobs import-assets`.",
            )
        return "local cache"

    def extract(self, ctx: RunContext) -> Sides | Unknown:
        """Both sides as they are published now."""
        cache = ctx.cache
        manifest = cache.manifest()
        if not manifest.files("assets") or not cache.state.rows("SELECT 1 FROM git_files LIMIT 1"):
            return Unknown(
                "The repository or the assets are not known.", "Run the git layer and import assets first."
            )
        revision = cache.state.rows(
            "SELECT coalesce(max(_rev), 0) AS rev, count(*) AS rows FROM declared_resources"
        )[0]
        inputs = "|".join((f"{revision['rev']}/{revision['rows']}", *manifest.files("assets")))
        connection = cache.duckdb(
            ctx.settings.import_memory_limit, ctx.settings.threads, cache.workspace(NAME)
        )
        paths = cache.paths("assets"), cache.paths("asset_changes")
        match.prepare(connection, *paths)
        types, projects = match.seen(connection)
        declared = cache.state.rows("SELECT * FROM declared_resources ORDER BY address")
        seen = Seen(types, projects, _gap(cache))
        return Sides([row for row in declared if not excluded(row)], connection, seen, inputs)

    def normalise(self, extracted: Sides, ctx: RunContext) -> Compared:
        """Declared resources, each with its verdict."""
        match.declare(extracted.connection, extracted.declared)
        by_address = {row["address"]: row for row in extracted.declared}
        rows: dict[str, Row] = {}
        for found in match.matches(extracted.connection):
            rows[found.address] = row_of(by_address[found.address], found)
            if len(rows) % match.BATCH == 0:
                ctx.check()
        for address, row in by_address.items():
            if address not in rows:
                rows[address] = without_asset(row, extracted.seen)
        doubts = Counter(
            row["asset_type"] for row in extracted.declared if row["asset_type"] and not row["match_key"]
        )
        return Compared(extracted, list(rows.values()), dict(doubts))

    def store(self, normalised: Compared, ctx: RunContext) -> Outcome:
        """The file of drift, and today's figures."""
        cache, connection = ctx.cache, normalised.sides.connection
        now = datetime.now(UTC)
        file = cache.home / "tmp" / NAME / "drift.parquet"
        compared = pa.Table.from_pylist(normalised.rows, _COMPARED)
        match.write(
            connection, compared, normalised.doubts, {"detected_at": now, "run_id": ctx.run_id}, str(file)
        )
        totals = match.totals(connection, str(file))
        ctx.check()
        _publish(ctx, str(cache.adopt(file, f"drift/{ctx.run_id}.parquet")), totals, normalised.sides.inputs)
        counts = {name: sum(row[name] for row in totals) for name in _STATUSES}
        gap = normalised.sides.seen.gap
        return Outcome(
            items_synced=sum(counts.values()),
            missed=[gap] if gap else [],
            details={**counts, "declared": len(normalised.rows), "share_under_code": share(counts)},
            hint="Nothing is called missing until the assets are seen whole." if gap else "",
            source="local cache",
        )

    def cleanup(self, ctx: RunContext) -> None:
        """The workspace, and files no reader holds any more."""
        ctx.cache.clear_workspace(NAME)
        ctx.cache.sweep()


_STATUSES = ("managed", "changed", "missing", "unmanaged", "unknown")


def share(counts: dict[str, int]) -> float | None:
    """Managed and changed resources among all that are in the cloud and could be under code, 0 to 1; None without any."""
    there = counts["managed"] + counts["changed"]
    known = there + counts["unmanaged"]
    return round(there / known, 4) if known else None


def _gap(cache: Cache) -> str | None:
    """What the last look at the assets lacked; None when it saw its scope whole."""
    found = cache.state.rows(
        "SELECT status, missed, error_messages FROM sync_runs WHERE layer = 'assets'"
        " AND status IN ('success', 'partial') ORDER BY started_at DESC LIMIT 1"
    )
    if not found or found[0]["status"] == "success":
        return None
    said = [*(found[0]["missed"] or []), *(found[0]["error_messages"] or [])]
    return f"The assets were not seen whole: {said[0] if said else 'the last import was partial'}"


def _publish(ctx: RunContext, file: str, totals: list[Row], inputs: str) -> None:
    """Figures of the day first: a crash in between is mended by the next run, which replaces them."""
    cache, today = ctx.cache, ctx.read_time.astimezone(UTC).date()
    rows = [{**row, "date": today, "run_id": ctx.run_id} for row in totals]
    keys = {(row["project_id"], row["asset_type"]) for row in rows}
    with cache.state.transaction():
        cache.state.check(ctx.lease)
        known = cache.state.rows(
            "SELECT project_id, asset_type FROM drift_daily WHERE date = ?", today.isoformat()
        )
        for old in known:
            if (old["project_id"], old["asset_type"]) not in keys:
                cache.state.delete(
                    "drift_daily",
                    "date = ? AND project_id = ? AND asset_type = ?",
                    today.isoformat(),
                    old["project_id"],
                    old["asset_type"],
                )
        cache.state.upsert("drift_daily", rows)
    cache.publish(ctx.lease, {"drift": [file]}, {INPUTS: inputs})


LAYER = DriftLayer()
