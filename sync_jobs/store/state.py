"""state.sqlite: everything small, transactional or hot. One writer at a time, readers never wait.

Rows go in by primary key and carry `_rev`, the revision of the transaction that wrote them. Transactions are
serialised (BEGIN IMMEDIATE), so a reader that has seen revision N has seen everything up to N.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from app.errors import LeaseLost, PortalError
from app.schema import Table, tables, updates
from sync_jobs.store import migrations
from sync_jobs.store.processes import ProcessId
from sync_jobs.store.sqlite import connect, explained

STATE_FILE = "state.sqlite"
MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class Lease:
    """The right to write under `name`. `fence` is larger than that of every earlier holder."""

    name: str
    holder: str
    fence: int


class State:
    """The SQLite half of the cache under `home`. Opening it creates and migrates it.

    Raises PortalError when the file is damaged, was written by a newer version, or cannot be written.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / STATE_FILE
        self._local = threading.local()
        self._tables = {**tables(), **updates()}
        home.mkdir(parents=True, exist_ok=True)
        with explained(self.path):
            migrations.migrate(self._connection())

    # -- reading ---------------------------------------------------------------------------------------

    def rows(self, sql: str, *params: object) -> list[dict[str, Any]]:
        """Rows as stored (see the encodings in the first migration), as dicts."""
        with explained(self.path):
            cursor = self._connection().execute(sql, params)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def info(self, key: str) -> str | None:
        """A fact about the home, or None."""
        found = self.rows("SELECT value FROM portal_info WHERE key = ?", key)
        return str(found[0]["value"]) if found else None

    # -- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One write transaction; nested calls on the same thread join the outer one.

        `durable` waits for the disk, so that what is acknowledged afterwards survives a power cut.
        """
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        with explained(self.path):
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            self._local.rev = None
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, *params: object) -> int:
        """One statement in a transaction; the number of rows it touched. For bookkeeping, not for table rows."""
        with self.transaction() as connection:
            return connection.execute(sql, params).rowcount

    def upsert(self, table: str, rows: Iterable[Mapping[str, object]], durable: bool = False) -> int:
        """Insert or overwrite by primary key, in one transaction. Returns the number of rows given."""
        return self._write(table, rows, "overwrite", durable)

    def insert_new(self, table: str, rows: Iterable[Mapping[str, object]], durable: bool = False) -> int:
        """Insert the rows whose primary key is not there yet. Returns how many were new.

        A `seq` column is filled in order of arrival.
        """
        return self._write(table, rows, "keep", durable)

    def replace(self, table: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Exchange the whole content of a table, in one transaction."""
        with self.transaction():
            self.delete(table, "1 = 1")
            return self.upsert(table, rows)

    def update(self, table: str, changes: Mapping[str, object], where: str, *params: object) -> int:
        """Change columns of the rows that fit, none of them of the key. Returns how many."""
        name = self._table(table).name
        columns = [self._table(table).column(column).name for column in changes]
        with self.transaction() as connection:
            assigned = ", ".join(f'"{column}" = ?' for column in columns)
            values = [encode(value) for value in changes.values()]
            sql = f"UPDATE {name} SET {assigned}, _rev = ? WHERE {where}"
            return connection.execute(sql, (*values, self._rev(), *params)).rowcount

    def delete(self, table: str, where: str, *params: object) -> int:
        """Remove rows. Readers notice by the table's epoch and read it anew."""
        with self.transaction() as connection:
            removed = connection.execute(
                f"DELETE FROM {self._table(table).name} WHERE {where}", params
            ).rowcount
            if removed:
                connection.execute(
                    "INSERT INTO table_epochs VALUES (?, 1) "
                    "ON CONFLICT (table_name) DO UPDATE SET epoch = epoch + 1",
                    (table,),
                )
            return removed

    def set_info(self, key: str, value: str) -> None:
        """Record a fact about the home."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO portal_info VALUES (?, ?, ?) "
                "ON CONFLICT (key) DO UPDATE SET value = excluded.value, _rev = excluded._rev",
                (key, value, self._rev()),
            )

    def next_value(self, counter: str, step: int = 1) -> int:
        """Advance a named counter and return its new value. Never returns a value twice."""
        with self.transaction() as connection:
            row = connection.execute(
                "INSERT INTO counters VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value",
                (counter, step),
            ).fetchone()
            return int(row[0])

    # -- leases ----------------------------------------------------------------------------------------

    def acquire(self, name: str, holder: str, ttl_seconds: float) -> Lease | None:
        """Take the lease, or None while somebody else holds it and may still be alive."""
        me, now = ProcessId.current(), _now()
        with self.transaction(durable=True) as connection:
            row = connection.execute(
                "SELECT host, pid, pid_started, expires_at FROM leases WHERE name = ?", (name,)
            ).fetchone()
            if row and row[3] > now and not ProcessId(row[0], row[1], row[2]).certainly_dead():
                return None
            fence = self.next_value("fence")
            connection.execute(
                "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)",
                (name, holder, fence, me.host, me.pid, me.started, now + int(ttl_seconds * MICROSECONDS)),
            )
        return Lease(name, holder, fence)

    def renew(self, lease: Lease, ttl_seconds: float) -> None:
        """Extend the lease; LeaseLost if somebody else has it."""
        with self.transaction():
            self.check(lease)
            self.execute(
                "UPDATE leases SET expires_at = ? WHERE name = ?",
                _now() + int(ttl_seconds * MICROSECONDS),
                lease.name,
            )

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it was lost."""
        self.execute("DELETE FROM leases WHERE name = ? AND fence = ?", lease.name, lease.fence)

    def check(self, lease: Lease) -> None:
        """Inside a transaction: LeaseLost unless this very lease is still the current one."""
        row = self.rows("SELECT holder, fence FROM leases WHERE name = ?", lease.name)
        if not row or row[0]["fence"] != lease.fence:
            taken = f"taken over by {row[0]['holder']}" if row else "given up"
            raise LeaseLost(
                f"The lease {lease.name!r} was {taken} while this run was writing.",
                "Nothing of this run was published. The other run goes on; look at it with `status`.",
            )

    # -- inner -----------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path)
            self._local.rev = None
        return connection

    def _rev(self) -> int:
        """The revision of the transaction under way: one number for all its rows."""
        if self._local.rev is None:
            self._local.rev = self.next_value("rev")
        return int(self._local.rev)

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise PortalError(
                f"There is no table {name!r}.", f"Known tables: {', '.join(sorted(self._tables))}."
            )
        return self._tables[name]

    def _write(self, table: str, rows: Iterable[Mapping[str, object]], mode: str, durable: bool) -> int:
        schema = self._table(table)
        columns = [column.name for column in schema.columns]
        listed = list(rows)
        if not listed:
            return 0
        with self.transaction(durable) as connection:
            values = [self._encoded(schema, columns, row) for row in self._numbered(schema, columns, listed)]
            before = connection.total_changes  # after the encoding, which advances counters
            connection.executemany(_insert(schema, columns, mode), values)
            return len(listed) if mode == "overwrite" else connection.total_changes - before

    def _encoded(self, schema: Table, columns: list[str], row: Mapping[str, object]) -> tuple[object, ...]:
        unknown = set(row) - set(columns)
        if unknown:
            raise PortalError(
                f"Table {schema.name} has no column {', '.join(sorted(unknown))}.", "See sql/schema."
            )
        return (*(encode(row.get(column)) for column in columns), self._rev())

    def _numbered(
        self, schema: Table, columns: list[str], rows: list[Mapping[str, object]]
    ) -> list[Mapping[str, object]]:
        """The rows with `seq`, in order of arrival, where the table has it."""
        lacking = sum(1 for row in rows if row.get("seq") is None) if "seq" in columns else 0
        if not lacking:
            return rows
        number = self.next_value(f"seq:{schema.name}", lacking) - lacking
        found: list[Mapping[str, object]] = []
        for row in rows:
            if row.get("seq") is None:
                number += 1
                found.append({**row, "seq": number})
            else:
                found.append(row)
        return found


def encode(value: object) -> object:
    """A Python value as state.sqlite stores it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PortalError(f"A time without a zone cannot be stored: {value}.", "Give it in UTC.")
        return round(value.timestamp() * MICROSECONDS)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict | list | tuple):
        return orjson.dumps(value, default=str).decode()
    return value


def _insert(schema: Table, columns: list[str], mode: str) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" * (len(columns) + 1))
    head = f"INSERT INTO {schema.name} ({names}, _rev) VALUES ({marks}) ON CONFLICT"
    if mode == "keep":
        return f"{head} DO NOTHING"
    key = ", ".join(f'"{column}"' for column in schema.primary_key)
    changed = [column for column in [*columns, "_rev"] if column not in schema.primary_key]
    updates = ", ".join(f'"{column}" = excluded."{column}"' for column in changed)
    return f"{head} ({key}) DO UPDATE SET {updates}"


def _now() -> int:
    return int(time.time() * MICROSECONDS)
