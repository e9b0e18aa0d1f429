"""The life of alerts: what was known, what is wrong now, and what follows. No I/O.

firing -> resolved -> firing again. Acknowledged: somebody looks after it; channels hear of its end only. Silenced:
channels hear nothing until then. Both end with the alert, but a silence that is not over counts if it fires again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sync_jobs.alerts.rules import Wrong
from sync_jobs.rules_file import SEVERITIES
from sync_jobs.store.state import MICROSECONDS

FIRING, RESOLVED, ACKNOWLEDGED, SILENCED = "firing", "resolved", "acknowledged", "silenced"
Row = dict[str, Any]


@dataclass
class Changes:
    """Rows to write: alerts by key, history, and (alert, what) to tell channels."""

    alerts: list[Row] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    told: list[tuple[Row, str]] = field(default_factory=list)

    def add(self, row: Row, what: str, now: datetime, *, tell: bool = False, who: str | None = None, note: str | None = None) -> None:  # fmt: skip
        """An alert that changed, with its line of history."""
        self.alerts.append(row)
        self.history.append(history(row, what, now, who, note))
        if tell:
            self.told.append((row, what if what == RESOLVED else "fired"))


def alert_id(rule: str, subject: str) -> str:
    """The same rule and subject are the same alert for ever."""
    return f"{rule}:{hashlib.sha256(subject.encode()).hexdigest()[:16]}"


def compare(rule: str, known: Iterable[Row], wrong: Iterable[Wrong], now: datetime) -> Changes:
    """What follows from an evaluation. `known`: all alerts of the rule, times as datetimes."""
    changes, before = Changes(), {row["alert_id"]: row for row in known}
    now_wrong = {alert_id(rule, one.subject): one for one in wrong}
    for key, one in now_wrong.items():
        old = before.get(key)
        if old is None or old["status"] == RESOLVED:
            _fire(changes, key, old, one, now)
        else:
            _goes_on(changes, old, one, now)
    for key, old in before.items():
        if old["status"] != RESOLVED and key not in now_wrong:
            _resolve(changes, old, now, None)
    return changes


def resolve_all(known: Iterable[Row], now: datetime, why: str) -> Changes:
    """The alerts of a rule that is off or gone."""
    changes = Changes()
    for old in known:
        if old["status"] != RESOLVED:
            _resolve(changes, old, now, why)
    return changes


def acknowledge(rows: Iterable[Row], who: str, note: str | None, now: datetime) -> Changes:
    """Somebody looks after those that are active and not acknowledged yet."""
    changes = Changes()
    for old in rows:
        if old["status"] in (FIRING, SILENCED) and not old["acknowledged_by"]:
            status = SILENCED if old["status"] == SILENCED else ACKNOWLEDGED
            row = {**old, "status": status, "acknowledged_by": who, "acknowledged_at": now}
            changes.add(row, ACKNOWLEDGED, now, who=who, note=note)
    return changes


def silence(rows: Iterable[Row], until: datetime, who: str, note: str, now: datetime) -> Changes:
    """Channels hear nothing of them until then. A time that is past ends a silence."""
    changes = Changes()
    for old in rows:
        if until > now:
            status = RESOLVED if old["status"] == RESOLVED else SILENCED
            row = {**old, "status": status, "silenced_until": until, "silenced_by": who}
            changes.add(row, SILENCED, now, who=who, note=f"until {until:%Y-%m-%d %H:%M} UTC: {note}")
        elif old["silenced_until"] and old["silenced_until"] > now:
            _end_silence(changes, old, now, who, note)
    return changes


def history(row: Mapping[str, Any], what: str, now: datetime, who: str | None, note: str | None) -> Row:
    """A line of alert_history."""
    return {
        "history_id": uuid4().hex, "happened_at": now, "alert_id": row["alert_id"], "rule": row["rule"],
        "subject": row["subject"], "severity": row["severity"], "what": what, "who": who, "note": note,
        "summary": row["summary"],
    }  # fmt: skip


def from_store(row: Row) -> Row:
    """A row of state.sqlite with its times as datetimes."""
    times = {
        name: datetime.fromtimestamp(row[name] / MICROSECONDS, UTC)
        for name in ("fired_at", "resolved_at", "acknowledged_at", "silenced_until")
        if row[name] is not None
    }
    return {**{key: value for key, value in row.items() if key != "_rev"}, **times, "told": bool(row["told"])}


def _fire(changes: Changes, key: str, old: Row | None, one: Wrong, now: datetime) -> None:
    until = old["silenced_until"] if old else None
    silent = until is not None and until > now
    row = {
        "alert_id": key, "rule": key.partition(":")[0], "subject": one.subject, "severity": one.severity, "summary": one.summary,
        "link": one.link, "status": SILENCED if silent else FIRING, "fired_at": now, "resolved_at": None,
        "firings": (old["firings"] or 0) + 1 if old else 1, "told": not silent, "acknowledged_by": None,
        "acknowledged_at": None, "silenced_until": until if silent else None,
        "silenced_by": old["silenced_by"] if old and silent else None,
    }  # fmt: skip
    changes.add(row, "fired", now, tell=not silent)


def _goes_on(changes: Changes, old: Row, one: Wrong, now: datetime) -> None:
    # The worst of a firing: who was told of it hears of its end too.
    worst = min(old["severity"], one.severity, key=SEVERITIES.index)
    row = {**old, "severity": worst, "summary": one.summary, "link": one.link}
    if worst != old["severity"] and old["status"] == FIRING:
        changes.add(row, "worse", now, tell=True)
    elif old["status"] == SILENCED and (old["silenced_until"] is None or old["silenced_until"] <= now):
        _end_silence(changes, row, now, None, None)
    elif row != old:
        changes.alerts.append(row)


def _end_silence(changes: Changes, old: Row, now: datetime, who: str | None, note: str | None) -> None:
    """Channels that never heard of it, or long ago, hear of it now, unless somebody looks after it."""
    row = {**old, "silenced_until": None, "silenced_by": None}
    tell = False
    if old["status"] == SILENCED:
        tell = not old["acknowledged_by"]
        row |= {"status": ACKNOWLEDGED if old["acknowledged_by"] else FIRING, "told": old["told"] or tell}
    changes.add(row, "silence ended", now, tell=tell, who=who, note=note)


def _resolve(changes: Changes, old: Row, now: datetime, why: str | None) -> None:
    row = {**old, "status": RESOLVED, "resolved_at": now}
    changes.add(row, RESOLVED, now, tell=old["told"], note=why)
