"""Each minute: what the rules say is wrong is compared with the alerts that are known, and what follows is written.

A rule that cannot be evaluated says so, and its alerts stay as they are: not seen is not resolved.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from app.errors import PortalError
from sync_jobs.alerts import life, outbox, rules
from sync_jobs.alerts.rules import Rule, Wrong
from sync_jobs.store.state import MICROSECONDS

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

EVERY_SECONDS = 60.0
FIRST_SECONDS = 20.0  # the layers begin with the sidecar: most are fresh again by then
HISTORY_KEPT = timedelta(days=400)

log = structlog.get_logger("sync_jobs.alerts")


class Evaluator:
    """Evaluates the rules over one home."""

    def __init__(self, settings: Settings, cache: Cache) -> None:
        self._settings, self._cache = settings, cache

    def tick(self, now: datetime | None = None) -> None:
        """All rules, once. What goes wrong with one does not keep the others from being evaluated."""
        try:
            found = rules.load()
        except PortalError as error:
            self._cache.state.set_info(outbox.PROBLEM, str(error))
            log.error("alerts_not_evaluated", error=error.message, hint=error.hint)
            return
        if self._cache.state.info(outbox.PROBLEM):
            self._cache.state.set_info(outbox.PROBLEM, "")
        for rule in found:
            self._evaluate(rule, now or datetime.now(UTC))
        self._gone({rule.name for rule in found}, now or datetime.now(UTC))
        self._sweep(now or datetime.now(UTC))

    # -- inner -----------------------------------------------------------------------------------------

    def _evaluate(self, rule: Rule, now: datetime) -> None:
        if not rule.enabled:
            self._write(
                life.resolve_all(self._known(rule.name), now, "The rule is off."), _row(rule, {}, rule.error)
            )
            return
        last = self._rule_rows(rule.name)
        started = time.monotonic()
        try:
            if rule.error:
                raise PortalError(rule.error)
            wrong: Sequence[Wrong] = rule.evaluate()
        except PortalError as error:
            log.error("alert_rule_failed", rule=rule.name, error=str(error))
            kept = {name: last.get(name) for name in ("evaluated_at", "duration_seconds", "wrong")}
            self._write(life.Changes(), _row(rule, kept, str(error)))
            return
        seconds = round(time.monotonic() - started, 4)
        done = {"evaluated_at": now, "duration_seconds": seconds, "wrong": len(wrong)}
        with self._cache.state.transaction(durable=True):  # known rows do not change in between
            self._write(life.compare(rule.name, self._known(rule.name), wrong, now), _row(rule, done, None))

    def _write(self, changes: life.Changes, rule: dict[str, Any] | None) -> None:
        with self._cache.state.transaction(durable=True):
            write(self._settings, self._cache, changes)
            if rule is not None:
                self._cache.state.upsert("alert_rules", [rule])

    def _known(self, rule: str) -> list[life.Row]:
        rows = self._cache.state.rows("SELECT * FROM alerts WHERE rule = ?", rule)
        return [life.from_store(row) for row in rows]

    def _rule_rows(self, rule: str) -> dict[str, Any]:
        rows = self._cache.state.rows("SELECT * FROM alert_rules WHERE rule = ?", rule)
        if not rows:
            return {}
        at = rows[0]["evaluated_at"]
        return {**rows[0], "evaluated_at": datetime.fromtimestamp(at / MICROSECONDS, UTC) if at else None}

    def _gone(self, names: set[str], now: datetime) -> None:
        """Rules whose file is no longer there."""
        state = self._cache.state
        for row in state.rows(
            "SELECT rule FROM alert_rules UNION SELECT DISTINCT rule FROM alerts WHERE status <> 'resolved'"
        ):
            if row["rule"] not in names:
                self._write(life.resolve_all(self._known(row["rule"]), now, "The rule is gone."), None)
                state.delete("alert_rules", "rule = ?", row["rule"])

    def _sweep(self, now: datetime) -> None:
        until = int((now - HISTORY_KEPT).timestamp() * MICROSECONDS)
        state = self._cache.state
        state.delete("alert_history", "happened_at < ?", until)
        state.delete("alerts", "status = 'resolved' AND resolved_at < ?", until)
        outbox.sweep(state, now)


def write(settings: Settings, cache: Cache, changes: life.Changes) -> None:
    """Alerts, history and messages, in the transaction of the caller."""
    cache.state.upsert("alerts", changes.alerts)
    cache.state.insert_new("alert_history", changes.history)
    if changes.told and cache.has_source() != "sample":  # nobody is woken by data that is made up
        outbox.enqueue(settings, cache.state, changes.told)


def _row(rule: Rule, evaluated: dict[str, Any], error: str | None) -> dict[str, Any]:
    return {
        "rule": rule.name, "title": rule.title, "description": rule.description, "severity": rule.severity,
        "enabled": rule.enabled, "params": dict(rule.shown), "remediation": rule.remediation.strip(), "error": error,
        **evaluated,
    }  # fmt: skip
