"""When the next call may be made: one pace for all streams of a run, since they share one quota."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from sync_jobs.layers.base import Cancelled


@dataclass(frozen=True)
class Patience:
    """How trouble is waited out: pauses grow from `first` to `longest`; a stream waits `budget` seconds in all."""

    first: float = 1.0
    longest: float = 60.0
    budget: float = 300.0


@dataclass
class Pace:
    """Spaces the calls of all streams. `per_minute` None: as fast as the API takes them, until it says it is too fast."""

    per_minute: int | None
    cancelled: threading.Event
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> None:
        """Wait for the turn of one call. Raises Cancelled when the run is stopped meanwhile."""
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            if self.per_minute:
                self._next = at + 60.0 / self.per_minute
        self.sleep(at - now)

    def hold(self, seconds: float) -> None:
        """The quota is used up: nobody calls for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Raises Cancelled when the run is stopped meanwhile."""
        if self.cancelled.is_set() or (seconds > 0 and self.cancelled.wait(seconds)):
            raise Cancelled("The run was asked to stop.", "Nothing of it was published. Run it again.")


def pause(patience: Patience, attempt: int, asked: float) -> float:
    """Seconds before the next attempt (0 is the first that failed): grows, with some luck; at least what was asked."""
    grown = min(patience.longest, patience.first * 2.0**attempt)
    return max(asked, grown * random.uniform(0.5, 1.0))  # noqa: S311  spreads calls, keeps no secret
