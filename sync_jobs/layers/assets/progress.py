"""How far a bulk statement is, and stopping it when the run is asked to stop."""

from __future__ import annotations

import threading
from types import TracebackType

import duckdb

from sync_jobs.layers.base import RunContext

PAUSE_SECONDS = 0.25


class Watch:
    """Around bulk statements of one connection: reports progress in assets, and interrupts on cancellation."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ctx: RunContext, total: int) -> None:
        self._connection, self._ctx, self._total = connection, ctx, total
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="import-progress", daemon=True)

    def __enter__(self) -> Watch:
        self._connection.execute("SET enable_progress_bar = true")
        self._connection.execute("SET enable_progress_bar_print = false")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        if self._ctx.cancelled.is_set():
            self._ctx.check()
        if error is None:
            self._ctx.progress(self._total, self._total, "assets")

    def _watch(self) -> None:
        furthest = 0
        while not self._done.wait(PAUSE_SECONDS):
            if self._ctx.cancelled.is_set():
                self._connection.interrupt()
            share = max(self._connection.query_progress(), 0.0) / 100
            # Several statements follow each other; the first, over the files, is nearly all of the work.
            furthest = max(furthest, min(int(self._total * share), self._total))
            self._ctx.progress(furthest, self._total, "assets")
