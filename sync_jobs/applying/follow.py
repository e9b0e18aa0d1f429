"""Follows the table `events`: what feeds say of assets goes on top of their files, and their rules run, within a second or so.

It reads what is stored, whoever stored it. Events, assets, changes, findings and how far it came move in one transaction:
done twice, or cut off anywhere, it gives the same rows.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import orjson
import structlog

from app.errors import PortalError
from app.schema import UPDATES
from sync_jobs.applying import streamed
from sync_jobs.applying.news import Applied, Feed, News
from sync_jobs.applying.verdicts import Judged, Verdicts
from sync_jobs.layers.events.message import DeadLetter, Message
from sync_jobs.layers.policies.layer import ask_for_all
from sync_jobs.store.state import MICROSECONDS
from sync_jobs.tallies import applied_events

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache

AT_ONCE = 100
EVERY_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
SOURCE = "applying to the inventory"

log = structlog.get_logger("sync_jobs.applying")


class Follower:
    """A thread of the sidecar."""

    def __init__(self, settings: Settings, cache: Cache) -> None:
        self._settings, self._cache = settings, cache
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._news: News | None = None
        self._verdicts: Verdicts | None = None

    def start(self) -> None:
        """Begin where the last one ended."""
        self._thread = threading.Thread(target=self._run, name="applying", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """End after the step under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def step(self) -> int:
        """Look at the next events. Returns how many; 0 when there is nothing new."""
        state = self._cache.state
        rev, seq = streamed.position(state)
        rows = state.rows(
            "SELECT _rev, seq, event_time, source, raw FROM events WHERE _rev >= ? AND (_rev > ? OR seq > ?)"
            f" ORDER BY _rev, seq LIMIT {AT_ONCE}",
            rev, rev, seq,
        )  # fmt: skip
        if not rows:
            return 0
        feeds = [_feed(row) for row in rows if row["source"] == "feed"]
        generation = self._cache.manifest().generation
        now = datetime.now(UTC)
        applied, dead = self._applied([feed for feed in feeds if feed.name], now)
        judged = self._judged(applied, now)
        with state.transaction(durable=True):
            if self._cache.manifest().generation != generation or streamed.position(state) != (rev, seq):
                return len(rows)  # a snapshot was published meanwhile: once more, on top of it
            if applied is not None:
                state.upsert("assets" + UPDATES, applied.assets.to_pylist())
                state.upsert("asset_changes" + UPDATES, applied.changes.to_pylist())
            state.upsert("violations" + UPDATES, judged.findings)
            state.insert_new("events", judged.events)
            state.insert_new("dead_letters", dead)
            if judged.left:
                ask_for_all(state, now)
            streamed.move(state, rows[-1]["_rev"], rows[-1]["seq"])
        applied_events.add("applied", len(feeds) - len(dead))
        applied_events.add("refused", len(dead))
        return len(rows)

    def close(self) -> None:
        """Let go of the memory."""
        for one in (self._news, self._verdicts):
            if one is not None:
                one.close()
        self._news = self._verdicts = None

    # -- inner -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        pause = EVERY_SECONDS
        while not self._stop.wait(pause):
            try:
                while not self._stop.is_set() and self.step():
                    pause = EVERY_SECONDS
                pause = EVERY_SECONDS
            except (PortalError, duckdb.Error, OSError) as error:
                pause = min(LONGEST_PAUSE_SECONDS, 2 * max(pause, 1.0))
                log.warning("events_not_applied", error=str(error).split("\n")[0], again_in_seconds=pause)
                self.close()
            except Exception:  # the thread must outlive what nobody thought of; the next step tries again
                pause = min(LONGEST_PAUSE_SECONDS, 2 * max(pause, 1.0))
                log.exception("events_not_applied", again_in_seconds=pause)
                self.close()
        self.close()
        self._cache.state.close()

    def _opened(self) -> News:
        if self._news is None:
            self._news = News(self._cache, _folder(self._cache.home, "news"))
        return self._news

    def _applied(self, feeds: Sequence[Feed], now: datetime) -> tuple[Applied | None, list[dict[str, Any]]]:
        """All at once; where that fails, without those that are no asset change: they are dead letters."""
        if not feeds:
            return None, []
        try:
            return self._opened().apply(feeds, now), []
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            good, dead = [], []
            for feed in feeds:
                wrong = self._fault(feed, now)
                if wrong is None:
                    good.append(feed)
                else:
                    dead.append(_dead(feed, wrong, now))
        return (self._opened().apply(good, now) if good else None), dead

    def _fault(self, feed: Feed, now: datetime) -> duckdb.Error | None:
        try:
            self._opened().apply([feed], now)
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            return error
        return None

    def _judged(self, applied: Applied | None, now: datetime) -> Judged:
        if applied is None:
            return Judged()
        if self._verdicts is None:
            self._verdicts = Verdicts(self._settings, self._cache, _folder(self._cache.home, "verdicts"))
        return self._verdicts.judge(applied.assets, now)


def _feed(row: dict[str, Any]) -> Feed:
    at = datetime.fromtimestamp(row["event_time"] / MICROSECONDS, UTC)
    body = orjson.loads(row["raw"]) if row["raw"] else {}
    return Feed(row["_rev"], row["seq"], at, body if isinstance(body, dict) else {})


def _dead(feed: Feed, error: Exception, now: datetime) -> dict[str, Any]:
    reason = f"The event is shown, but its asset is not as an asset is: {str(error).split(chr(10))[0][:300]}"
    return dict(DeadLetter(Message(orjson.dumps(feed.body)), reason).row(now, SOURCE, "events"))


def _folder(home: Path, name: str) -> Path:
    """An empty folder of its own."""
    import shutil

    folder = home / "tmp" / "applying" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
