"""One reader of the table `events` for all clients: what is new is written as text once and put into each one's queue.

It reads what is stored, whoever stored it. A client that does not keep up is let go, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from sync_jobs.live import wire
from sync_jobs.live.wire import COLUMNS, Wanted
from sync_jobs.tallies import websocket_messages

LOOK_SECONDS = 0.1
PAGE = 500
QUEUE_MESSAGES = 1000
QUEUE_BYTES = 8 * 1024 * 1024

Position = tuple[int, int]  # revision and number of an event
Row = Mapping[str, Any]
log = structlog.get_logger("sync_jobs.live")


class Client:
    """The queue of one connection. `end` is why it is to be closed, once it is."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.position: Position = (-1, -1)
        self.end: tuple[int, str] | None = None
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._bytes = 0

    def offer(self, text: str) -> bool:
        """Put a message into the queue. False when it is full: the client is to be closed."""
        if self._queue.qsize() >= QUEUE_MESSAGES or self._bytes + len(text) > QUEUE_BYTES:
            return False
        self._bytes += len(text)
        self._queue.put_nowait(text)
        return True

    def close(self, code: int, reason: str) -> None:
        """Nothing more after what is under way."""
        if self.end is None:
            self.end = (code, reason)
            self._queue.put_nowait(None)

    async def next(self, seconds: float) -> str | None:
        """The next message; None at the end. Raises TimeoutError when none came."""
        text = await asyncio.wait_for(self._queue.get(), seconds)
        if text is not None:
            self._bytes -= len(text)
        return None if self.end is not None else text


class Hub:
    """All clients of a home. Everything but `tell_all` runs in the server's event loop."""

    def __init__(self, path: Path) -> None:
        self._reader = _Reader(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._known: set[Client] = set()  # all, also those that still get what they missed
        self._clients: set[Client] = set()  # those that follow
        self._position: Position = (-1, -1)
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ending = False

    @property
    def clients(self) -> int:
        """How many there are."""
        return len(self._known)

    async def begin(self, client: Client) -> None:
        """Bring `client` to where the hub is, and let it have what follows: no gap, and nothing twice.

        What it missed since the event it names is sent first, page by page, at the pace of the client.
        """
        self._known.add(client)
        await self._started()
        if client.wanted.last_event_id is None:
            self._attach(client, self._position)
            return
        found = await self._read(self._reader.position_of, client.wanted.last_event_id)
        if found is None:
            oldest = await self._read(self._reader.oldest)
            client.offer(wire.message(
                "replay_gap", last_event_id=client.wanted.last_event_id, oldest=oldest,
                reason="The event is not kept here any more, or never was: what came between is not known.",
            ))  # fmt: skip
            self._attach(client, self._position)
            return
        client.position = found

    async def replay(self, client: Client) -> list[str]:
        """The next page of what it missed; none once it has caught up, and follows."""
        while client not in self._clients:
            if client.position >= self._position:
                self._attach(client, client.position)
                return []
            rows = await self._read(self._reader.after, client.position)
            if not rows:
                self._attach(client, max(client.position, self._position))
                return []
            client.position = (rows[-1]["_rev"], rows[-1]["seq"])
            texts = [wire.event(row, client.wanted.raw) for row in rows if client.wanted.takes(row)]
            if texts:
                return texts
        return []

    def leave(self, client: Client) -> None:
        """It is gone. Without clients nothing is looked at."""
        self._clients.discard(client)
        self._known.discard(client)

    def end_all(self, seconds: float = 2.0) -> None:
        """From another thread: tell all clients that it ends here, and let them go."""
        self.ending = True
        if self._loop is None or not self._loop.is_running():
            return
        ended = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        try:
            ended.result(seconds)
        except TimeoutError:
            log.warning("live_clients_not_told", clients=self.clients)

    # -- inner -----------------------------------------------------------------------------------------

    async def _end(self) -> None:
        for client in list(self._known):
            client.close(wire.GOING_AWAY, "The sidecar stops.")
        if self._task is not None:
            self._task.cancel()
        for _ in range(100):
            if not self._known:
                return
            await asyncio.sleep(0.02)

    def _attach(self, client: Client, position: Position) -> None:
        client.position = position
        self._clients.add(client)

    async def _started(self) -> None:
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            newest = await self._read(self._reader.newest)
            if self._task is None or self._task.done():  # no other client began it meanwhile
                self._position = newest
                self._task = asyncio.create_task(self._follow(), name="live")
                self._task.add_done_callback(self._dropped)

    async def _follow(self) -> None:
        idle = 0
        while idle < 50:  # a few seconds without clients, then nothing is read until one comes
            idle = 0 if self._known else idle + 1
            try:
                rows = await self._read(self._reader.news, self._position)
            except sqlite3.Error as error:
                log.warning("events_not_read", error=str(error))
                rows = []
            for row in rows:
                try:
                    self._spread(row)
                except (ValueError, OverflowError, TypeError):  # of this event alone: the others are told
                    log.exception("event_not_told", event_id=row["event_id"])
            if len(rows) < PAGE:
                await asyncio.sleep(LOOK_SECONDS)

    def _dropped(self, task: asyncio.Task[None]) -> None:
        """Nobody is left to listen to silence when the task ends by a fault."""
        if task.cancelled() or task.exception() is None:
            return
        log.error("live_ended", exc_info=task.exception())
        for client in list(self._known):
            client.close(wire.GOING_AWAY, "It failed. Come again with last_event_id.")

    def _spread(self, row: Row) -> None:
        self._position = (row["_rev"], row["seq"])
        texts: dict[bool, str] = {}
        sent = 0
        for client in list(self._clients):
            if client.position >= self._position or not client.wanted.takes(row):
                continue
            raw = client.wanted.raw
            if raw not in texts:
                texts[raw] = wire.event(row, raw)
            if client.offer(texts[raw]):
                sent += 1
            else:
                websocket_messages.add("closed_slow")
                self._clients.discard(client)
                client.close(
                    wire.TOO_SLOW,
                    "Too slow: the queue of this client is full. Come again with last_event_id.",
                )
        if sent:
            websocket_messages.add("sent", sent)

    async def _read(self, ask: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, ask, *arguments)


class _Reader:
    """The table `events`, read in one thread of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._version = -1

    def newest(self) -> Position:
        rows = self._rows("SELECT _rev, seq FROM events ORDER BY _rev DESC, seq DESC LIMIT 1")
        return (rows[0]["_rev"], rows[0]["seq"]) if rows else (-1, -1)

    def oldest(self) -> dict[str, Any] | None:
        rows = self._rows("SELECT event_id, seq FROM events ORDER BY _rev, seq LIMIT 1")
        return dict(rows[0]) if rows else None

    def position_of(self, event_id: str) -> Position | None:
        rows = self._rows("SELECT _rev, seq FROM events WHERE event_id = ?", event_id)
        return (rows[0]["_rev"], rows[0]["seq"]) if rows else None

    def after(self, position: Position) -> list[sqlite3.Row]:
        rev, seq = position
        return self._rows(
            f"SELECT {', '.join(COLUMNS)}, _rev FROM events WHERE _rev >= ? AND (_rev > ? OR seq > ?)"  # noqa: S608
            f" ORDER BY _rev, seq LIMIT {PAGE}",
            rev, rev, seq,
        )  # fmt: skip

    def news(self, position: Position) -> list[sqlite3.Row]:
        """As `after`; nothing at once where no process has written since."""
        version = int(self._opened().execute("PRAGMA data_version").fetchone()[0])
        if version == self._version:
            return []
        rows = self.after(position)
        if len(rows) < PAGE:
            self._version = version
        return rows

    def _rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._opened().execute(sql, values).fetchall()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
        return self._connection
