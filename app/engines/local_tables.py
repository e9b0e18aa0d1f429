"""Brings tables of state.sqlite into DuckDB when a query names them: whole on first sight, afterwards only newer rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from app.engines.local_errors import damaged
from app.manifest import GENERATION, PARQUET_TABLES
from app.schema import UPDATES, Column, Table, duckdb_ddl, duckdb_type, tables, updates

STATE_FILE = "state.sqlite"
RAW_BYTES = 65_536  # of a dead letter or delivery; the whole stays in the home
RAW_COLUMNS = {("dead_letters", "raw"), ("webhook_deliveries", "body")}

_ARROW = {"TIMESTAMP": pa.int64(), "INT64": pa.int64(), "BOOL": pa.int64(), "FLOAT64": pa.float64()}


@dataclass
class HotTables:
    """The tables of state.sqlite as DuckDB tables. Not safe for two threads: the engine holds a lock."""

    path: Path
    generation: int | None = None  # of the manifest that goes with what was pulled last
    _connection: sqlite3.Connection | None = None
    _data_version: int = -1  # of SQLite, at the last pull
    _versions: dict[str, int] = field(default_factory=dict)  # the same for each table
    _revs: dict[str, int] = field(default_factory=dict)
    _epochs: dict[str, int] = field(default_factory=dict)

    def names(self) -> list[str]:
        """The tables this brings in."""
        return [*(name for name in tables() if name not in PARQUET_TABLES), *updates()]

    def named(self, text: str) -> list[str]:
        """Those that a query may read; one too many does no harm."""
        return [name for name in self.names() if name.removesuffix(UPDATES) in text]

    def create(self, target: duckdb.DuckDBPyConnection) -> None:
        """Empty tables: what a home without a state file has."""
        for name in self.names():
            target.execute(duckdb_ddl(_table(name)))

    def changed(self, names: Sequence[str]) -> bool:
        """Whether another process has committed since the last `pull` of these. A few microseconds."""
        connection = self._open()
        if connection is None:
            return False
        with damaged(self.path):
            version = int(connection.execute("PRAGMA data_version").fetchone()[0])
        return version != self._data_version or any(self._versions.get(name) != version for name in names)

    def pull(self, target: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
        """Bring these tables of `target` to one and the same state; the caller holds a DuckDB transaction."""
        connection = self._open()
        if connection is None:
            return
        with damaged(self.path):
            version = int(connection.execute("PRAGMA data_version").fetchone()[0])
            connection.execute("BEGIN")
            try:
                epochs = dict(connection.execute("SELECT table_name, epoch FROM table_epochs"))
                noted = connection.execute(
                    "SELECT value FROM portal_info WHERE key = ?", (GENERATION,)
                ).fetchone()
                pulled = {name: self._pull(connection, target, name, epochs) for name in names}
            finally:
                connection.execute("ROLLBACK")
        self.generation = int(noted[0]) if noted else None
        self._revs.update(pulled)
        self._epochs.update({name: epochs.get(name, 0) for name in names})
        self._versions.update(dict.fromkeys(names, version))
        self._data_version = version

    def forget(self) -> None:
        """After a failed pull nothing is known; the next one reads everything."""
        self._revs.clear()
        self._epochs.clear()
        self._versions.clear()
        self._data_version = -1

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.forget()

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None:
            if not self.path.exists():
                return None
            with damaged(self.path):
                uri = f"{self.path.absolute().as_uri()}?mode=ro"
                self._connection = sqlite3.connect(
                    uri, uri=True, timeout=5, isolation_level=None, check_same_thread=False
                )
                if int(self._connection.execute("PRAGMA user_version").fetchone()[0]) == 0:
                    self._connection.close()  # another process is just making it
                    self._connection = None
        return self._connection

    def _pull(
        self, source: sqlite3.Connection, target: duckdb.DuckDBPyConnection, name: str, epochs: dict[str, int]
    ) -> int:
        table = _table(name)
        last = self._revs.get(name, -1)
        if epochs.get(name, 0) != self._epochs.get(name, 0) or last < 0:
            target.execute(f'DELETE FROM "{name}"')
            last = -1
        columns = ", ".join(_selected(table, column) for column in table.columns)
        rows = source.execute(f"SELECT {columns}, _rev FROM {name} WHERE _rev > ?", (last,)).fetchall()
        if not rows:
            return last
        _merge(target, table, rows, fresh=last < 0)
        return max(last, *(int(row[-1]) for row in rows))


def _table(name: str) -> Table:
    return updates().get(name) or tables()[name]


def _selected(table: Table, column: Column) -> str:
    if (table.name, column.name) in RAW_COLUMNS:
        return f'substr("{column.name}", 1, {RAW_BYTES})'
    return f'"{column.name}"'


def _merge(target: duckdb.DuckDBPyConnection, table: Table, rows: list[Any], fresh: bool) -> None:
    """Insert `rows`, replacing those of the same key."""
    values = list(zip(*rows, strict=True))
    arrays = [
        pa.array(values[i], type=pa.binary() if c.type == "BYTES" else _ARROW.get(c.type, pa.string()))
        for i, c in enumerate(table.columns)
    ]
    incoming = pa.Table.from_arrays(arrays, names=[column.name for column in table.columns])
    target.register("incoming", incoming)
    try:
        if not fresh:
            match = " AND ".join(f't."{key}" = i."{key}"' for key in table.primary_key)
            target.execute(
                f'DELETE FROM "{table.name}" t USING (SELECT {_casts(table)} FROM incoming) i WHERE {match}'
            )
        target.execute(f'INSERT INTO "{table.name}" SELECT {_casts(table)} FROM incoming')
    finally:
        target.unregister("incoming")


def _casts(table: Table) -> str:
    return ", ".join(f'{_cast(column)} AS "{column.name}"' for column in table.columns)


def _cast(column: Column) -> str:
    name = f'"{column.name}"'
    if column.type == "TIMESTAMP":
        return f"make_timestamptz({name})"
    if column.type.startswith("ARRAY"):
        # BigQuery knows no NULL array: it stores an empty one.
        return f"coalesce(CAST(CAST({name} AS JSON) AS {duckdb_type(column)}), [])"
    return f"CAST({name} AS {duckdb_type(column)})"
