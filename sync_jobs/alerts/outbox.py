"""What channels are still to be told: written with the change itself, sent by a thread per channel, kept until it is taken.

A channel that is away holds nobody else up. When it is back it gets what it missed in as few messages as it takes, in
order. Cut off between sending and noting that, a message goes out a second time: better than not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
import structlog

from app import logs
from app.errors import PortalError
from sync_jobs.notify import channels
from sync_jobs.notify.channels import Channel, NotTaken, Standing, Told
from sync_jobs.rules_file import SEVERITIES
from sync_jobs.store.state import MICROSECONDS
from sync_jobs.tallies import alert_messages

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache
    from sync_jobs.store.state import State

PROBLEM = "alerts_problem"  # fact of the home: why no rule can be evaluated
EVERY_SECONDS = 1.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_ASKED_SECONDS = 5.0, 300.0, 3600.0
KEPT, GIVEN_UP_AFTER = timedelta(days=30), timedelta(days=7)
WAITING, SENT, OVERTAKEN, GIVEN_UP = "waiting", "sent", "overtaken", "given up"

log = structlog.get_logger("sync_jobs.alerts")
Make = Callable[["Settings", str], Channel]


def enqueue(settings: Settings, state: State, told: Iterable[tuple[dict[str, Any], str]]) -> None:
    """Messages for every channel that is set up and wants to hear of it, in the transaction of the caller."""
    ready = [one for one in channels.standings(settings) if one.missing is None]
    now = datetime.now(UTC)
    state.insert_new(
        "alert_messages",
        [
            {
                "message_id": f"{one.name}-{uuid4().hex}", "channel": one.name, "alert_id": alert["alert_id"], "what": what,
                "alert": {**alert, "fired_at": alert["fired_at"].isoformat()}, "created_at": now, "status": WAITING,
            }
            for alert, what in told
            for one in ready
            if SEVERITIES.index(alert["severity"]) <= SEVERITIES.index(one.least_severity)
        ],
    )  # fmt: skip


def sweep(state: State, now: datetime) -> None:
    """Give up what nobody took for a week, and forget what is long done."""
    old = _stamp(now - GIVEN_UP_AFTER)
    why = f"No channel took it for {GIVEN_UP_AFTER.days} days."
    state.update(
        "alert_messages", {"status": GIVEN_UP, "error": why}, "status = 'waiting' AND created_at < ?", old
    )
    state.delete("alert_messages", "status <> 'waiting' AND created_at < ?", _stamp(now - KEPT))


class Outbox:
    """The threads of the sidecar that deliver."""

    def __init__(self, settings: Settings, cache: Cache, make: Make = channels.made) -> None:
        self._settings, self._state, self._make = settings, cache.state, make
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin with what waits since the last time."""
        for one in self.describe():
            if one.missing is None:
                thread = threading.Thread(
                    target=self._run, args=[one.name], name=f"alerts-{one.name}", daemon=True
                )
                self._threads.append(thread)
                thread.start()

    def stop(self, seconds: float = 2.0) -> None:
        """End after the delivery under way; one that takes longer is tried again by the next sidecar."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)

    def describe(self) -> list[Standing]:
        """Write how the channels stand. What waits for one that is no longer set up is given up."""
        found = channels.standings(self._settings)
        rows = []
        for one in found:
            row = self._row(one.name)
            row |= {
                "configured": one.missing is None,
                "target": one.missing or one.target,
                "least_severity": one.least_severity,
            }
            if one.missing is not None:
                row |= {"failures": 0, "last_error": None, "last_error_at": None, "next_try_at": None}
                gone = {"status": GIVEN_UP, "error": "The channel is no longer set up."}
                self._state.update("alert_messages", gone, "status = 'waiting' AND channel = ?", one.name)
            rows.append(row)
        self._state.upsert("alert_channels", rows)
        return found

    def step(self, name: str, now: datetime | None = None) -> int:
        """One delivery of a channel, if it is due. Returns how many changes it took."""
        now = now or datetime.now(UTC)
        row = self._row(name)
        if row["next_try_at"] is not None and row["next_try_at"] > now:
            return 0
        channel = self._make(self._settings, name)
        if channel.newest_only:
            self._overtake(name)
        waiting = self._state.rows(
            "SELECT * FROM alert_messages WHERE channel = ? AND status = 'waiting' ORDER BY seq LIMIT ?",
            name,
            channel.at_once,
        )
        if not waiting:
            return 0
        try:
            channel.deliver([_told(message) for message in waiting])
        except NotTaken as problem:
            self._failed(row, problem, now)
            return 0
        self._taken(row, waiting)
        return len(waiting)

    # -- inner -----------------------------------------------------------------------------------------

    def _run(self, name: str) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            try:
                while self.step(name) and not self._stop.is_set():
                    pass
            except PortalError as error:
                log.warning("alerts_not_sent", channel=name, error=str(error))
            except Exception as error:  # the thread must outlive what nobody thought of
                log.exception("alerts_not_sent", channel=name)
                self._failed(
                    self._row(name), NotTaken(f"{type(error).__name__}. The log has more."), datetime.now(UTC)
                )
        self._state.close()

    def _row(self, name: str) -> dict[str, Any]:
        found = self._state.rows("SELECT * FROM alert_channels WHERE channel = ?", name)
        if not found:
            return {
                "channel": name,
                "configured": True,
                "least_severity": "low",
                "failures": 0,
                "next_try_at": None,
            }
        row = {key: value for key, value in found[0].items() if key != "_rev"}
        for key in ("last_sent_at", "last_error_at", "next_try_at"):
            row[key] = None if row[key] is None else datetime.fromtimestamp(row[key] / MICROSECONDS, UTC)
        return row | {"configured": bool(row["configured"])}

    def _overtake(self, name: str) -> None:
        newer = (
            "status = 'waiting' AND channel = ? AND EXISTS (SELECT 1 FROM alert_messages AS n WHERE n.status = 'waiting'"
            " AND n.channel = alert_messages.channel AND n.alert_id = alert_messages.alert_id AND n.seq > alert_messages.seq)"
        )
        self._state.update("alert_messages", {"status": OVERTAKEN}, newer, name)

    def _taken(self, row: dict[str, Any], waiting: Sequence[dict[str, Any]]) -> None:
        now = datetime.now(UTC)
        ids = orjson.dumps([message["message_id"] for message in waiting]).decode()
        done = {
            "last_sent_at": now,
            "failures": 0,
            "last_error": None,
            "last_error_at": None,
            "next_try_at": None,
        }
        with self._state.transaction(durable=True):
            where = "message_id IN (SELECT value FROM json_each(?))"
            self._state.update("alert_messages", {"status": SENT, "sent_at": now}, where, ids)
            self._state.upsert("alert_channels", [row | done])
        alert_messages.add(f"{row['channel']} sent", len(waiting))

    def _failed(self, row: dict[str, Any], problem: NotTaken, now: datetime) -> None:
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(int(row["failures"]), 10))
        if problem.retry_after is not None:
            pause = max(pause, min(problem.retry_after, LONGEST_ASKED_SECONDS))
        told = {
            "failures": int(row["failures"]) + 1, "last_error": logs.mask(str(problem)), "last_error_at": now,
            "next_try_at": now + timedelta(seconds=pause),
        }  # fmt: skip
        self._state.upsert("alert_channels", [row | told])
        alert_messages.add(f"{row['channel']} failed")
        log.warning("alerts_not_taken", channel=row["channel"], reason=str(problem), again_in_seconds=pause)


def _told(message: dict[str, Any]) -> Told:
    at = datetime.fromtimestamp(message["created_at"] / MICROSECONDS, UTC).isoformat(timespec="seconds")
    return Told(message["message_id"], message["what"], at, orjson.loads(message["alert"]))


def _stamp(at: datetime) -> int:
    return int(at.timestamp() * MICROSECONDS)
