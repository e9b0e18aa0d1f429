"""A while of an open stream: what comes is stored and acknowledged batch by batch, until it is time for a row of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sync_jobs.layers.base import Outcome, RunContext
from sync_jobs.layers.events.extract import Batch
from sync_jobs.layers.events.streaming import Stream, Taken
from sync_jobs.tallies import streamed_messages

if TYPE_CHECKING:
    from sync_jobs.layers.events.storing import Storing

SECONDS = 30.0  # so often an open stream has its row in sync_runs brought up to date
TAKE_SECONDS = 0.5
PAUSED = "events_paused"
REASONS_SHOWN = 3


@dataclass
class Session:
    """Counts of it. `over`: the stream is to be closed, not only the session."""

    stream: Stream
    received: int = 0
    stored: int = 0
    new: int = 0
    dead: int = 0
    reasons: list[str] = field(default_factory=list)
    over: bool = False

    def listen(self, storing: Storing, ctx: RunContext) -> Outcome:
        """Take in what comes. Told to stop, or paused, it ends after the batch under way.

        Raises Permanent or Retryable when the stream ended, and whatever keeps a batch from being stored.
        """
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if ctx.cancelled.is_set() or ctx.cache.state.info(PAUSED):
                self.over = True
                break
            taken = self.stream.take(TAKE_SECONDS)
            if taken:
                self._take_in(taken, storing)
        return Outcome(
            items_synced=self.stored,
            items_failed=self.dead,
            errors=[f"Not understood: {reason}" for reason in self.reasons],
            hint="The messages are in the dead letters, with their bytes." if self.dead else "",
            details={"received": self.received, "new": self.new, "dead_letters": self.dead},
            source=self.stream.path,
        )

    def _take_in(self, taken: list[Taken], storing: Storing) -> None:
        """One batch: stored, then acknowledged. What cannot be stored is handed back."""
        try:
            rows = storing.rows(Batch(self.stream.path, [one.message for one in taken]))
            self.new += storing.commit(rows)
        except BaseException:
            self.stream.hand_back(taken)
            raise
        self.stream.acknowledge(taken)
        streamed_messages.add("stored", len(rows.events))
        streamed_messages.add("dead_letter", len(rows.dead))
        self.received += len(taken)
        self.stored += len(rows.events)
        self.dead += len(rows.dead)
        room = REASONS_SHOWN - len(self.reasons)
        self.reasons += [str(row["reason"]) for row in rows.dead[:room]]
