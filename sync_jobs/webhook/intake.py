"""Deliveries onto the disk, off the event loop. Those that come together share one wait for the disk."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.errors import PortalError
from sync_jobs.store.state import State
from sync_jobs.webhook import deliveries

TOGETHER = 200


@dataclass(frozen=True)
class _Kept:
    row: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[datetime | None]


class Intake:
    """A thread that writes. `stored` is called there after each commit that brought something new."""

    def __init__(self, state: State, stored: Callable[[], None]) -> None:
        self._state = state
        self._stored = stored
        self._queue: queue.SimpleQueue[_Kept] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def keep(self, row: dict[str, Any]) -> datetime | None:
        """Store a delivery. None when it was new and is on the disk, else when its id first came.

        Raises PortalError when it could not be stored.
        """
        if self._thread is None:  # on the event loop only, so never twice
            self._thread = threading.Thread(target=self._work, name="webhook-intake", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[datetime | None] = loop.create_future()
        self._queue.put(_Kept(row, loop, future))
        return await future

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < TOGETHER and not self._queue.empty():
                batch.append(self._queue.get())
            try:
                found = deliveries.keep(self._state, [one.row for one in batch])
            except Exception as error:  # noqa: BLE001  whoever waits is told, and the thread lives on
                for one in batch:
                    _tell(one, _explained(error))
                continue
            if None in found:
                self._stored()
            for one, earlier in zip(batch, found, strict=True):
                _tell(one, earlier)


def _tell(one: _Kept, result: datetime | PortalError | None) -> None:
    def deliver() -> None:
        if one.future.done():  # whoever waited went away
            return
        if isinstance(result, PortalError):
            one.future.set_exception(result)
        else:
            one.future.set_result(result)

    try:
        one.loop.call_soon_threadsafe(deliver)
    except RuntimeError:  # the loop has ended with the process; the delivery is on the disk
        return


def _explained(error: Exception) -> PortalError:
    if isinstance(error, PortalError):
        return error
    return PortalError(
        f"The delivery could not be stored: {type(error).__name__}.", "The log of the sidecar says more."
    )
