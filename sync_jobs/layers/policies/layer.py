"""Compliance: all rules over the assets as they are published, after each run of the assets layer that changed something.

A finding is never resolved by an asset that could not be seen: unknown keeps it open.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from sync_jobs.layers.assets.literals import assets, literal
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.policies import config, derived, engine, findings, rules

if TYPE_CHECKING:
    import duckdb

    from app.settings import Settings
    from sync_jobs.store.cache import Cache

NAME = "policies"


@dataclass
class Checked:
    """What the rules gave, in the tables of the connection."""

    connection: duckdb.DuckDBPyConnection
    known: rules.Rules
    settings: config.Config
    results: list[engine.Result]


class PoliciesLayer:
    """See the module."""

    name = NAME
    title = "Compliance"
    follows = ("assets",)

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

    def extract(self, ctx: RunContext) -> Checked | Unknown:
        """Rules and assets as they are now."""
        cache, found = ctx.cache, config.load()
        paths = cache.paths("assets")
        if not paths:
            return Unknown("There are no assets.", "Import an export file first.")
        known = rules.load(ctx.settings, found)
        folder = cache.workspace(NAME)
        connection = cache.duckdb(ctx.settings.import_memory_limit, ctx.settings.threads, folder)
        connection.execute("SET disabled_optimizers = ''")
        engine.lock(connection, [str(cache.folder), str(folder)])
        engine.prepare(connection, assets(paths), known.enabled())
        return Checked(connection, known, found, [])

    def normalise(self, extracted: Checked, ctx: RunContext) -> Checked:
        """All rules."""
        engine.collect(extracted.connection)
        findings.before(extracted.connection, ctx.cache.paths("violations"))
        extracted.results = engine.run_all(extracted.connection, extracted.known.enabled(), ctx.check)
        today = ctx.read_time.astimezone(UTC).date()
        findings.waive(extracted.connection, extracted.settings.waivers, today)
        return extracted

    def store(self, normalised: Checked, ctx: RunContext) -> Outcome:
        """Findings, figures and rules, at once."""
        cache, connection = ctx.cache, normalised.connection
        folder, today = cache.home / "tmp" / NAME, ctx.read_time.astimezone(UTC).date()
        oldest = today - timedelta(days=ctx.settings.snapshot_retention_days)
        broken = [
            engine.Result(_stand_in(one), 0, one.error)
            for one in normalised.known.broken
            if normalised.known.rules
        ]
        files = {
            name: folder / f"{name}.parquet" for name in (*derived.DERIVED, "violations", "compliance_daily")
        }
        findings.merge(
            connection, [*normalised.results, *broken], ctx.read_time, ctx.run_id, str(files["violations"])
        )
        findings.daily(
            connection, normalised.known.enabled(), cache.paths("compliance_daily"), today, oldest, ctx.run_id,
            str(files["compliance_daily"]),
        )  # fmt: skip
        for name in derived.DERIVED:
            connection.execute(f"COPY {name} TO {literal(files[name])} (FORMAT parquet, COMPRESSION zstd)")
        rows, waivers = _policies(normalised, ctx.run_id), _waivers(normalised, ctx.run_id)
        ctx.check()
        published = {
            name: [str(cache.adopt(file, f"{name}/{ctx.run_id}.parquet"))] for name, file in files.items()
        }
        with cache.state.transaction(durable=True):
            cache.state.check(ctx.lease)
            cache.state.replace("policies", rows)
            cache.state.replace("waivers", waivers)
            cache.publish(ctx.lease, published, {})
        return _outcome(normalised, rows)

    def cleanup(self, ctx: RunContext) -> None:
        """The workspace, and files no reader holds any more."""
        ctx.cache.clear_workspace(NAME)
        ctx.cache.sweep()


class _BrokenRule:
    """The id of a rule that cannot be run: its findings stay open."""

    def __init__(self, policy_id: str) -> None:
        self.policy_id = policy_id


def _stand_in(one: rules.Broken) -> Any:
    return _BrokenRule(one.policy_id)


def _policies(checked: Checked, run_id: str) -> list[dict[str, Any]]:
    counts = {
        (policy, status): int(number)
        for policy, status, number in checked.connection.sql(
            "SELECT policy_id, status, sum(assets) FROM tallies GROUP BY ALL UNION ALL"
            " SELECT policy_id, 'waived', count(*) FROM waived GROUP BY ALL"
        ).fetchall()
    }
    results = {result.rule.policy_id: result for result in checked.results}
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
