"""The rows of `sync_runs`: opened with the lease of their layer, closed with it, repaired after a crash."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.errors import Busy, LeaseLost
from sync_jobs.store.processes import ProcessId
from sync_jobs.store.state import Lease, State

Row = dict[str, Any]

LEASE_TTL_SECONDS = 30.0
CRASHED = "The process that ran this layer ended before the run was finished."
CRASHED_HINT = "Nothing of it was published half: the state before it stands. Run the layer again."
_MICROSECONDS = 1_000_000


def lease_name(layer: str) -> str:
    """The lease that a run of `layer` holds."""
    return f"lease:{layer}"


def new_run_id(layer: str, started: datetime) -> str:
    """Sorts by start, names its layer, never twice the same."""
    return f"{started:%Y%m%dT%H%M%S}-{layer}-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Opened:
    """A run that holds its lease."""

    lease: Lease
    row: Row


def open_run(state: State, layer: str, trigger: str, source: str | None, *, stream: bool = False) -> Opened:
    """Take the layer's lease and write its row, in one transaction. Raises Busy while another run holds it.

    A stream's row is written when its poll ends; there is nothing to repair of a poll that never ended.
    """
    started = datetime.now(UTC)
    run_id = new_run_id(layer, started)
    with state.transaction(durable=not stream):
        lease = state.acquire(lease_name(layer), run_id, LEASE_TTL_SECONDS)
        if lease is None:
            raise _busy(state, layer)
        repair(state, layer)
        row: Row = {
            "run_id": run_id,
            "layer": layer,
            "trigger": trigger,
            "status": "in_progress",
            "started_at": started,
            "finished_at": None,
            "sync_duration_seconds": None,
            "items_synced": 0,
            "items_failed": 0,
            "error_messages": [],
            "hint": None,
            "missed": [],
            "attempt": 1,
            "source": source,
            "details": {},
            "fence": lease.fence,
        }
        if not stream:
            state.upsert("sync_runs", [row])
    return Opened(lease, row)


def note(state: State, opened: Opened, row: Row) -> None:
    """Write the row of a run under way. Raises LeaseLost when the run is no longer the current one."""
    with state.transaction():
        state.check(opened.lease)
        state.upsert("sync_runs", [row])


def close_run(state: State, opened: Opened, row: Row, *, stream: bool = False) -> Row:
    """Write the final row and give the lease back, in one transaction. Returns the row as it now stands.

    A run that lost its lease is failed, whatever it believes, and says so.
    """
    with state.transaction(durable=not stream):
        try:
            state.check(opened.lease)
        except LeaseLost as lost:
            row |= {"status": "failed", "hint": lost.hint}
            row["error_messages"] = [*row["error_messages"], lost.message]
        if stream:
            row = _folded(state, row)
        state.upsert("sync_runs", [row])
        state.release(opened.lease)
    return row


def repair(state: State, layer: str | None = None) -> list[str]:
    """Fail every run that is `in_progress` although its process is gone. Returns the ids mended."""
    found = _orphans(state, layer)
    if not found:
        return []
    with state.transaction():
        orphans = _orphans(state, layer)
        for row in orphans:
            ended = datetime.now(UTC)
            row |= {
                "status": "failed",
                "finished_at": ended,
                "sync_duration_seconds": (ended - row["started_at"]).total_seconds(),
                "error_messages": [*row["error_messages"], CRASHED],
                "hint": CRASHED_HINT,
            }
        state.upsert("sync_runs", orphans)
    return [str(row["run_id"]) for row in orphans]


def latest(state: State, layer: str) -> Row | None:
    """The newest row of a layer, or None."""
    found = state.rows("SELECT * FROM sync_runs WHERE layer = ? ORDER BY started_at DESC LIMIT 1", layer)
    return decoded(found[0]) if found else None


def by_id(state: State, run_id: str) -> Row | None:
    """The row of one run, or None."""
    found = state.rows("SELECT * FROM sync_runs WHERE run_id = ?", run_id)
    return decoded(found[0]) if found else None


def decoded(stored: Row) -> Row:
    """A row of `sync_runs` as Python values: times in UTC, lists and details parsed."""
    row = {key: value for key, value in stored.items() if not key.startswith("_")}
    for key in ("started_at", "finished_at"):
        if row[key] is not None:
            row[key] = datetime.fromtimestamp(row[key] / _MICROSECONDS, UTC)
    for key, empty in (("error_messages", []), ("missed", []), ("details", {})):
        row[key] = orjson.loads(row[key]) if row[key] else empty
    return row


def jsonable(row: Row) -> Row:
    """A decoded row for JSON: times as ISO text ending in Z."""
    return {
        key: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for key, value in row.items()
    }


def _orphans(state: State, layer: str | None) -> list[Row]:
    """Runs in progress whose lease is not, or no longer, theirs; or whose process is gone."""
    joined = state.rows(
        "SELECT r.*, l.host AS _host, l.pid AS _pid, l.pid_started AS _started, l.expires_at AS _expires "
        "FROM sync_runs r LEFT JOIN leases l ON l.name = ? || r.layer AND l.fence = r.fence "
        "WHERE r.status = 'in_progress' AND (? IS NULL OR r.layer = ?)",
        lease_name(""),
        layer,
        layer,
    )
    return [decoded(row) for row in joined if not _alive(row)]


def _alive(row: Row) -> bool:
    if row["_expires"] is None or row["_expires"] <= time.time() * _MICROSECONDS:
        return False
    return not ProcessId(row["_host"], row["_pid"], row["_started"]).certainly_dead()


def _busy(state: State, layer: str) -> Busy:
    row = latest(state, layer)
    holder = state.rows("SELECT holder, pid FROM leases WHERE name = ?", lease_name(layer))
    what = f"run {holder[0]['holder']} in process {holder[0]['pid']}" if holder else "another run"
    if row is not None and row["status"] == "in_progress":
        seconds = (datetime.now(UTC) - row["started_at"]).total_seconds()
        what += f", started {seconds:.0f} s ago by {row['trigger']}"
    return Busy(
        f"The {layer} layer is already running ({what}).",
        "Wait for it to finish, then run it again. `status` shows it.",
    )


def _folded(state: State, row: Row) -> Row:
    """The row a poll ends in: the last one of the layer, when that is of the same hour and said the same.

    A stream polls every few seconds. A row for each would bury the history and grow without bound.
    """
    row["details"] = {**row["details"], "polls": 1}
    last = latest(state, row["layer"])
    if last is None or _result(last) != _result(row) or row["items_failed"] or row["missed"]:
        return row
    if _hour(last["started_at"]) != _hour(row["started_at"]):
        return row
    durations = (last["sync_duration_seconds"] or 0.0) + (row["sync_duration_seconds"] or 0.0)
    return {
        **row,
        "run_id": last["run_id"],
        "started_at": last["started_at"],
        "sync_duration_seconds": durations,
        "items_synced": last["items_synced"] + row["items_synced"],
        "details": _summed(last["details"], row["details"]),
    }


def _result(row: Row) -> tuple[object, ...]:
    return (row["status"], row["error_messages"], row["hint"], row["missed"], row["source"], row["trigger"])


def _hour(moment: datetime) -> datetime:
    return moment - timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def _summed(before: Row, now: Row) -> Row:
    """Counts add up; anything else is as the newer poll says."""
    summed = dict(now)
    for key, value in before.items():
        if key not in now:
            summed[key] = value
        elif isinstance(value, int) and isinstance(now[key], int) and not isinstance(value, bool):
            summed[key] = value + now[key]
    return summed
