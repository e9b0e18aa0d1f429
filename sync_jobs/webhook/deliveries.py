"""Deliveries in state.sqlite: which wait, which run serves them, and when they were handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sync_jobs.store.state import MICROSECONDS, State

TABLE = "webhook_deliveries"
BODY_DAYS = 30
ROW_DAYS = 400
_AT_ONCE = 500  # bound parameters of one statement


def keep(state: State, rows: Sequence[dict[str, Any]]) -> list[datetime | None]:
    """Store deliveries and wait for the disk. Per row None when it is new, else when its id first came."""
    found: list[datetime | None] = []
    with state.transaction(durable=True):
        for row in rows:
            new = state.insert_new(TABLE, [row])
            found.append(None if new else _received_at(state, row["delivery_id"]))
    return found


def waiting(state: State) -> list[dict[str, Any]]:
    """Deliveries that are not handled yet, oldest first: delivery_id, status, received_at (UTC)."""
    rows = state.rows(
        "SELECT delivery_id, status, received_at FROM webhook_deliveries WHERE handled_at IS NULL "
        "ORDER BY received_at"
    )
    return [{**row, "received_at": _moment(row["received_at"])} for row in rows]


def claim(state: State, ids: Sequence[str], run_id: str) -> None:
    """Note which run of the git layer serves these deliveries."""
    _update(state, ids, {"sync_run_id": run_id})


def handled(state: State, ids: Sequence[str], at: datetime) -> None:
    """Note that nothing is left to do for these deliveries."""
    _update(state, ids, {"handled_at": at})


def forget_old(state: State, now: datetime) -> int:
    """Drop the bodies after `BODY_DAYS` and the rows after `ROW_DAYS`. Returns how many rows it touched.

    The ids outlive the bodies, so that an old delivery sent again still does nothing.
    """
    bodies, rows = (_microseconds(now - timedelta(days=days)) for days in (BODY_DAYS, ROW_DAYS))
    with state.transaction():
        emptied = state.update(
            TABLE, {"body": None}, "body IS NOT NULL AND handled_at IS NOT NULL AND received_at < ?", bodies
        )
        return emptied + state.delete(TABLE, "handled_at IS NOT NULL AND received_at < ?", rows)


def followed_branch(state: State) -> str | None:
    """The branch that the last sync of the repository read, or None."""
    found = state.rows(
        "SELECT branch FROM git_commits WHERE branch IS NOT NULL ORDER BY committed_at DESC LIMIT 1"
    )
    return str(found[0]["branch"]) if found else None


def _update(state: State, ids: Sequence[str], changes: dict[str, object]) -> None:
    with state.transaction():
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            state.update(TABLE, changes, f"delivery_id IN ({marks})", *some)


def _received_at(state: State, delivery_id: str) -> datetime:
    found = state.rows("SELECT received_at FROM webhook_deliveries WHERE delivery_id = ?", delivery_id)
    return _moment(found[0]["received_at"])


def _moment(stored: int) -> datetime:
    return datetime.fromtimestamp(stored / MICROSECONDS, UTC)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * MICROSECONDS)
