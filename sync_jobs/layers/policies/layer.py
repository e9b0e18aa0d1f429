"""Compliance: all rules over the assets as they are published, soon after there are other assets, rules or settings.

A finding is never resolved by an asset that could not be seen: unknown keeps it open.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.schema import UPDATES
from sync_jobs.applying import streamed
from sync_jobs.layers.assets.literals import literal
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.policies import config, derived, engine, findings, rules

if TYPE_CHECKING:
    import duckdb

    from app.settings import Settings
    from sync_jobs.store.cache import Cache
    from sync_jobs.store.state import State

NAME = "policies"
INPUTS = "policies_inputs"
JUDGED_AT = "policies_judged_at"
SPARING = timedelta(minutes=5)
VIOLATIONS_UPDATES = "violations" + UPDATES
DUE = "policies_due"  # when rules are to run over everything, because of what the stream changed


@dataclass
class Checked:
    """What the rules gave, in the tables of the connection."""

    connection: duckdb.DuckDBPyConnection
    known: rules.Rules
    settings: config.Config
    inputs: str
    newest: int  # revision of the newest finding of the stream that is among them
    results: list[engine.Result] = field(default_factory=list)


class PoliciesLayer:
    """See the module."""

    name = NAME
    title = "Compliance"

    def schedule(self, settings: Settings) -> Schedule:
        """Also by the clock: waivers expire, and a day without news has its figures too."""
        return Schedule.every(settings.git_interval_seconds)

    def freshness_target(self, settings: Settings) -> float:
        """As of the assets."""
        return settings.freshness_policies

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        """The local cache, once it holds assets."""
        if not cache.paths("assets"):
            return NotConfigured(
                "there are no assets yet, so there is nothing to check.",
                "Set PORTAL_GCP_SCOPE, or import an export file with `python -m sync_jobs import-assets`.",
            )
        return "local cache"

    def news(self, settings: Settings, cache: Cache) -> str | None:
        """What the last run did not look at yet: other assets, rules or settings."""
        manifest = cache.manifest()
        wanted = rules.mark(settings, manifest.files("assets"))
        if manifest.info.get(INPUTS) != wanted:
            return wanted
        due = cache.state.info(DUE)
        return f"{wanted} {due}" if due and datetime.fromisoformat(due) <= datetime.now(UTC) else None

    def extract(self, ctx: RunContext) -> Checked | Unknown:
        """Rules and assets as they are now."""
        cache, inputs = ctx.cache, rules.mark(ctx.settings, ctx.cache.manifest().files("assets"))
        found, paths = config.load(), cache.paths("assets")
        if not paths:
            return Unknown("There are no assets.", "Import an export file first.")
        folder = cache.workspace(NAME)
        connection = cache.duckdb(ctx.settings.import_memory_limit, ctx.settings.threads, folder)
        connection.execute("SET GLOBAL disabled_optimizers = ''")
        engine.lock(connection, [str(cache.folder), str(folder)])
        with ThreadPoolExecutor(1, thread_name_prefix="assets") as beside:
            seen = beside.submit(_look, connection, cache)
            known = rules.load(ctx.settings, found)
            newest = seen.result()
        return Checked(connection, known, found, inputs, newest)

    def normalise(self, extracted: Checked, ctx: RunContext) -> Checked:
        """All rules."""
        engine.collect(extracted.connection)
        extracted.results = engine.run_all(extracted.connection, extracted.known.enabled(), ctx.check)
        today = ctx.read_time.astimezone(UTC).date()
        findings.waive(extracted.connection, extracted.settings.waivers, today)
        return extracted

    def store(self, normalised: Checked, ctx: RunContext) -> Outcome:
        """Findings, figures and rules, at once."""
        cache = ctx.cache
        files = _written(normalised, ctx)
        rows, waivers = _policies(normalised, ctx.run_id), _waivers(normalised, ctx.run_id)
        ctx.check()
        published = {
            name: [str(cache.adopt(file, f"{name}/{ctx.run_id}.parquet"))] for name, file in files.items()
        }
        with cache.state.transaction(durable=True):
            cache.state.check(ctx.lease)
            cache.state.replace("policies", rows)
            cache.state.replace("waivers", waivers)
            cache.state.delete(VIOLATIONS_UPDATES, "_rev <= ?", normalised.newest)
            due = cache.state.info(DUE)
            if due and datetime.fromisoformat(due) <= ctx.read_time:
                cache.state.set_info(DUE, "")
            cache.state.set_info(JUDGED_AT, ctx.read_time.isoformat())
            cache.publish(ctx.lease, published, {INPUTS: normalised.inputs})
        normalised.connection.close()  # what it holds is large
        return _outcome(normalised, rows)

    def cleanup(self, ctx: RunContext) -> None:
        """The workspace, and files no reader holds any more."""
        ctx.cache.clear_workspace(NAME)
        ctx.cache.sweep()


def ask_for_all(state: State, now: datetime) -> None:
    """Have the rules run over everything soon, but not more often than assets are read as a rule."""
    if not state.info(DUE):
        judged = state.info(JUDGED_AT)
        soon = max(now, datetime.fromisoformat(judged) + SPARING) if judged else now
        state.set_info(DUE, soon.isoformat())


def _look(connection: duckdb.DuckDBPyConnection, cache: Cache) -> int:
    """All that rules read, while they are read themselves: Python and DuckDB side by side.

    With what the stream changed since; returns the revision of its newest finding.
    """
    newest = streamed.findings(connection, cache.state)
    streamed.bring(connection, cache.state)
    engine.hold(connection, streamed.on_top(cache.paths("assets")))
    engine.derive(connection)
    findings.before(connection, cache.paths("violations"), streamed=True)
    cache.state.close()
    return newest


def _written(checked: Checked, ctx: RunContext) -> dict[str, Path]:
    """Tables as files, not yet published."""
    cache, connection = ctx.cache, checked.connection
    today = ctx.read_time.astimezone(UTC).date()
    names = (*derived.DERIVED, "violations", "compliance_daily")
    files = {name: cache.home / "tmp" / NAME / f"{name}.parquet" for name in names}
    # Findings of rules that are broken stay as they were.
    results = [
        *checked.results,
        *(engine.Result(one.policy_id, 0.0, one.error) for one in checked.known.broken),
    ]
    day = findings.Day(today, today - timedelta(days=ctx.settings.snapshot_retention_days), ctx.run_id)
    earlier, target = cache.paths("compliance_daily"), str(files["compliance_daily"])
    with ThreadPoolExecutor(1, thread_name_prefix="figures") as beside:
        figures = beside.submit(
            findings.daily, connection.cursor(), checked.known.enabled(), earlier, day, target
        )
        findings.merge(connection, results, ctx.read_time, ctx.run_id, str(files["violations"]))
        for name in derived.DERIVED:
            connection.execute(f"COPY {name} TO {literal(files[name])} (FORMAT parquet, COMPRESSION zstd)")
        figures.result()
    return files


def _policies(checked: Checked, run_id: str) -> list[dict[str, Any]]:
    counts = {
        (policy, status): int(number)
        for policy, status, number in checked.connection.sql(
            "SELECT policy_id, status, sum(assets) FROM tallies GROUP BY ALL UNION ALL"
            " SELECT policy_id, 'waived', count(*) FROM waived GROUP BY ALL"
        ).fetchall()
    }
    results = {result.policy_id: result for result in checked.results}
    rows = [_row(rule, results.get(rule.policy_id), counts, run_id) for rule in checked.known.rules]
    return rows + [
        {"policy_id": one.policy_id, "rule_id": one.policy_id, "title": one.policy_id, "service": one.path.parent.name,
         "severity": "low", "source": one.source, "path": str(one.path), "enabled": False, "error": one.error,
         "asset_types": [], "run_id": run_id}
        for one in checked.known.broken if one.policy_id not in {row["policy_id"] for row in rows}
    ]  # fmt: skip


def _row(
    rule: rules.Rule, result: engine.Result | None, counts: dict[tuple[str, str], int], run_id: str
) -> dict[str, Any]:
    file, head, remediation = rule.file, rule.file.extra, rule.file.extra.get("remediation")
    row: dict[str, Any] = {
        "policy_id": rule.policy_id, "rule_id": rule.rule_id, "title": file.title, "description": file.description,
        "service": rule.service, "severity": rule.severity, "asset_types": rule.asset_types,
        "frameworks": rule.frameworks, "params": file.bind(rule.values), "rationale": head.get("rationale"),
        "remediation": remediation if isinstance(remediation, dict) else {"text": remediation},
        "covers": head.get("covers"), "defaults": head.get("defaults"), "source": rule.source, "path": str(file.path),
        "enabled": rule.enabled, "run_id": run_id,
    }  # fmt: skip
    for key in ("covers", "defaults", "rationale"):
        row[key] = None if row[key] is None else str(row[key]).strip()
    if result is not None:
        row |= {"error": result.error, "duration_seconds": result.seconds}
        if result.error is None:
            waived = counts.get((rule.policy_id, "waived"), 0)
            row |= {
                "passed": counts.get((rule.policy_id, "pass"), 0), "waived": waived,
                "failed": counts.get((rule.policy_id, "fail"), 0) - waived,
                "unknown": counts.get((rule.policy_id, "unknown"), 0),
            }  # fmt: skip
    return row


def _waivers(checked: Checked, run_id: str) -> list[dict[str, Any]]:
    fitting = dict(checked.connection.sql("SELECT waiver_id, count(*) FROM fits GROUP BY ALL").fetchall())
    return [
        {"waiver_id": one.waiver_id, "policy_id": one.rule, "asset": one.asset, "reason": one.reason,
         "owner": one.owner, "expires_on": one.expires, "findings": fitting.get(one.waiver_id, 0), "run_id": run_id}
        for one in checked.settings.waivers
    ]  # fmt: skip


def _outcome(checked: Checked, rows: list[dict[str, Any]]) -> Outcome:
    total: Counter[str] = Counter()
    for row in rows:
        total.update({key: row.get(key) or 0 for key in ("passed", "failed", "waived", "unknown")})
    errors = [one.error for one in checked.known.broken]
    errors += [result.error for result in checked.results if result.error]
    return Outcome(
        items_synced=sum(total.values()),
        items_failed=len(errors),
        errors=errors,
        hint="The other rules were run. Findings of those that could not stay as they were."
        if errors
        else "",
        details={**total, "rules": len(checked.results) - sum(1 for r in checked.results if r.error)},
        source="local cache",
    )


LAYER = PoliciesLayer()
