"""Rows of state.sqlite as a Parquet file with the types of sql/schema, for the copy in BigQuery."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.engines.local_tables import RAW_BYTES, RAW_COLUMNS
from app.schema import Column, Table
from sync_jobs.store.bigquery_parquet import arrow_schema, arrow_type
from sync_jobs.store.state import State

BATCH_ROWS = 20_000
_NINE_DECIMALS = Decimal("1e-9")  # what a NUMERIC holds

_CONVERT: dict[str, Callable[[Any], Any]] = {
    "DATE": date.fromisoformat,
    "BOOL": bool,
    "NUMERIC": lambda text: Decimal(text).quantize(_NINE_DECIMALS),
}


@dataclass(frozen=True)
class Position:
    """How far a table has come: the newest revision of its rows, -1 without rows, and its epoch.

    A new epoch means that rows were removed.
    """

    rev: int
    epoch: int


def positions(state: State, tables: Iterable[str]) -> dict[str, Position]:
    """Where each of `tables` stands now."""
    epochs = {row["table_name"]: row["epoch"] for row in state.rows("SELECT * FROM table_epochs")}
    newest = {name: state.rows(f'SELECT max(_rev) AS rev FROM "{name}"')[0]["rev"] for name in tables}
    return {
        name: Position(-1 if rev is None else int(rev), int(epochs.get(name, 0)))
        for name, rev in newest.items()
    }


def export(state: State, table: Table, since: int, target: Path) -> int:
    """Write the rows newer than revision `since` to `target`, as they are at one moment. Returns how many."""
    names = ", ".join(_selected(table, column) for column in table.columns)
    connection = sqlite3.connect(f"{state.path.absolute().as_uri()}?mode=ro", uri=True, timeout=15)
    count = 0
    try:
        cursor = connection.execute(f"SELECT {names} FROM {table.name} WHERE _rev > ?", (since,))
        with pq.ParquetWriter(target, arrow_schema(table), compression="zstd") as writer:
            while rows := cursor.fetchmany(BATCH_ROWS):
                writer.write_table(as_arrow(table, rows))
                count += len(rows)
    finally:
        connection.close()
    return count


def as_arrow(table: Table, rows: list[tuple[Any, ...]]) -> pa.Table:
    """Rows as state.sqlite stores them, in the order of the columns, with the types of the table."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(table.columns)
    arrays = [
        pa.array([_value(column, value) for value in values], type=arrow_type(column.type))
        for column, values in zip(table.columns, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(table))


def _selected(table: Table, column: Column) -> str:
    if (table.name, column.name) in RAW_COLUMNS:  # as the local engine shows it; the home has the whole
        return f'substr("{column.name}", 1, {RAW_BYTES})'
    return f'"{column.name}"'


def _value(column: Column, value: Any) -> Any:
    if column.type.startswith("ARRAY"):
        return orjson.loads(value) if value else []
    if value is None:
        return None
    convert = _CONVERT.get(column.type)
    return convert(value) if convert else value
