"""Messages to rows of `events` and `dead_letters`, and both into the store: whoever brought them, by the same way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync_jobs.layers.events.extract import Batch
from sync_jobs.layers.events.message import DeadLetter
from sync_jobs.layers.events.normalise import normalise
from sync_jobs.layers.events.projects import ProjectNumbers

if TYPE_CHECKING:
    from app.settings import Settings
    from sync_jobs.store.cache import Cache
    from sync_jobs.store.state import Lease

RAW_LIMIT = 1024 * 1024
DEAD_LETTERS = Path("dead_letters")


@dataclass(frozen=True)
class Rows:
    """What one poll stores."""

    batch: Batch
    events: list[dict[str, Any]]
    dead: list[dict[str, Any]]


@dataclass(frozen=True)
class Storing:
    """Into which store, and as whose work. Without a lease the rows are written whoever holds it."""

    settings: Settings
    cache: Cache
    numbers: ProjectNumbers
    run_id: str
    lease: Lease | None = None

    def rows(self, batch: Batch) -> Rows:
        """Rows of `events`, and of `dead_letters` for what was not understood."""
        now = datetime.now(UTC)
        events: list[dict[str, Any]] = []
        dead: list[dict[str, Any]] = []
        for message in batch.messages:
            found = normalise(message)
            if not isinstance(found, DeadLetter):
                try:
                    events.append(found.row(now))
                    continue
                except TypeError as error:
                    found = DeadLetter(message, f"The JSON cannot be written again: {error}.")
            dead.append(found.row(now, batch.source, self.run_id))
        self.numbers.put(events, self.settings)
        return Rows(batch, events, dead)

    def commit(self, rows: Rows) -> int:
        """Both in one transaction that waits for the disk. Returns how many events are new. Raises LeaseLost."""
        batch, state, new = rows.batch, self.cache.state, 0
        for row in rows.dead:
            _keep_whole(row, self.settings.home)
        if batch.messages or batch.info:
            with state.transaction(durable=bool(batch.messages)):
                if self.lease is not None:
                    state.check(self.lease)
                new = state.insert_new("events", rows.events)
                state.insert_new("dead_letters", rows.dead)
                for key, value in batch.info.items():
                    state.set_info(key, value)
        return new


def _keep_whole(row: dict[str, Any], home: Path) -> None:
    """The table holds the first MiB; all bytes of a larger message go to a file beside it."""
    if row["size_bytes"] <= RAW_LIMIT:
        return
    file = home / DEAD_LETTERS / f"{row['dead_letter_id']}.bin"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    partial.write_bytes(row["raw"])
    partial.replace(file)
    row |= {"raw": row["raw"][:RAW_LIMIT], "raw_file": str(file.relative_to(home))}
