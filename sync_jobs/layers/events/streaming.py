"""Streaming pull: messages come as they are published. They are acknowledged, or handed back, by whoever took them.

Google's client opens the stream, extends the leases of what waits, and opens the stream again after a fault that passes.
It lets in so much at a time: what is not acknowledged yet counts.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sync_jobs.layers.events.message import Message
from sync_jobs.layers.events.subscription import as_message, connection, explained

if TYPE_CHECKING:
    from app.settings import Settings

WAITING_MESSAGES = 2000
WAITING_BYTES = 64 * 1024 * 1024
AT_ONCE = 500
GATHER_SECONDS = 0.02  # a commit waits for the disk: what comes meanwhile is in the same one
CLOSE_SECONDS = 3.0


@dataclass(frozen=True)
class Taken:
    """A message, and the client's own object that acknowledges it."""

    message: Message
    handle: Any


class Stream:
    """One subscription, open until `close()`. `path` is projects/P/subscriptions/S."""

    def __init__(self, path: str, settings: Settings) -> None:
        from google.cloud import pubsub_v1
        from google.cloud.pubsub_v1.subscriber.scheduler import ThreadScheduler

        self.path = path
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._client = pubsub_v1.SubscriberClient(**connection(settings))
        # One thread hands messages over: it only puts them into the queue.
        pool = ThreadPoolExecutor(1, thread_name_prefix="pubsub")
        self._future = self._client.subscribe(
            path,
            self._arrived,
            flow_control=pubsub_v1.types.FlowControl(
                max_messages=WAITING_MESSAGES, max_bytes=WAITING_BYTES, max_lease_duration=600
            ),
            scheduler=ThreadScheduler(executor=pool),
        )

    def take(self, seconds: float) -> list[Taken]:
        """What waits, oldest first; waits so long for the first one. Raises Permanent or Retryable when the stream ended."""
        found: list[Taken] = []
        until = time.monotonic() + seconds
        while len(found) < AT_ONCE:
            left = until - time.monotonic()
            try:
                handle = self._waiting.get(timeout=left) if left > 0 else self._waiting.get_nowait()
            except queue.Empty:
                break
            if not found:
                until = time.monotonic() + GATHER_SECONDS
            found.append(Taken(as_message(handle), handle))
        if not found:
            self._raise_end()
        return found

    @staticmethod
    def acknowledge(taken: Sequence[Taken]) -> None:
        """These are stored. An acknowledgement that gets lost brings the message again, which changes nothing."""
        for one in taken:
            one.handle.ack()

    @staticmethod
    def hand_back(taken: Sequence[Taken]) -> None:
        """These are not stored: they come again at once."""
        for one in taken:
            one.handle.nack()

    @property
    def depth(self) -> int:
        """How many messages wait to be taken."""
        return self._waiting.qsize()

    def close(self) -> None:
        """Let nothing more in, hand back what nobody took, and close the channel."""
        self._closed.set()
        while True:
            try:
                self._waiting.get_nowait().nack()
            except queue.Empty:
                break
        self._future.cancel()
        try:
            self._future.result(timeout=CLOSE_SECONDS)
        except Exception:  # noqa: BLE001  why it ended is of no interest any more
            self._future.cancel()
        self._client.close()

    def _arrived(self, handle: Any) -> None:
        if self._closed.is_set():
            handle.nack()
        else:
            self._waiting.put(handle)

    def _raise_end(self) -> None:
        if not self._future.done():
            return
        error = self._future.exception()
        raise explained(error or ConnectionError("the stream was closed"), self.path)
