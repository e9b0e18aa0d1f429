"""How far BigQuery has followed the home: one row per dataset and table in state.sqlite (table `mirror`)."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace

import orjson

from app.settings import Settings
from sync_jobs.store.state import Lease, State


@dataclass(frozen=True)
class Mark:
    """What a table in BigQuery holds. `rev` is -1 and `files` empty for one that holds nothing of this home.

    `kind` is the kind of source its rows came from. `series` is new for every filling from the start.
    """

    table: str
    created: str
    kind: str
    series: str
    rev: int = -1
    epoch: int = 0
    files: tuple[str, ...] = ()
    mirrored_at: float = 0.0


class Marks:
    """The marks of the dataset that `settings` name."""

    def __init__(self, settings: Settings, state: State) -> None:
        host = settings.bigquery_emulator_host or ""
        self._target = f"{host}/{settings.gcp_project}.{settings.bigquery_dataset}"
        self._state = state

    def read(self) -> dict[str, Mark]:
        """The marks by table."""
        found = self._state.rows("SELECT * FROM mirror WHERE target = ?", self._target)
        return {
            row["table_name"]: Mark(
                row["table_name"],
                row["created"],
                row["source_kind"],
                row["series"],
                row["rev"],
                row["epoch"],
                tuple(orjson.loads(row["files"])),
                row["mirrored_at"] / 1_000_000,
            )
            for row in found
        }

    def begin(self, lease: Lease, table: str, created: str, kind: str) -> Mark:
        """Start a filling. It is written down before any job, so that a run cut off is found again by its ids."""
        return self.write(lease, Mark(table, created, kind, secrets.token_hex(8)))

    def write(self, lease: Lease, mark: Mark) -> Mark:
        """Record what is in BigQuery now. Raises LeaseLost when somebody else follows by now."""
        mark = replace(mark, mirrored_at=time.time())
        with self._state.transaction(durable=True):
            self._state.check(lease)
            self._state.execute(
                "INSERT OR REPLACE INTO mirror VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                self._target,
                mark.table,
                mark.created,
                mark.kind,
                mark.series,
                mark.rev,
                mark.epoch,
                orjson.dumps(mark.files).decode(),
                int(mark.mirrored_at * 1_000_000),
            )
        return mark
