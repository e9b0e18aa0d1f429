"""Rows made ready for a load job: one Parquet file that has exactly the columns and types of the table."""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.errors import Permanent
from app.schema import Table

BATCH_ROWS = 50_000
_TYPES: dict[str, pa.DataType] = {
    "STRING": pa.string(),
    "JSON": pa.string(),  # Parquet load jobs refuse JSON: loaded as text, parsed on the way into the table
    "INT64": pa.int64(),
    "FLOAT64": pa.float64(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "BYTES": pa.binary(),
    "NUMERIC": pa.decimal128(38, 9),
}


@dataclass(frozen=True)
class Part:
    """A Parquet file. With `day`, its rows are of that day and lack the column that says so."""

    path: Path
    day: dt.date | None = None


Source: TypeAlias = Path | pa.Table | Sequence[Part]


@dataclass(frozen=True)
class Prepared:
    """A file ready to load. `digest` is a SHA-256 of its bytes: the same rows give the same digest."""

    path: Path
    digest: str
    rows: int


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type in which a BigQuery type is loaded."""
    if kind.startswith("ARRAY<"):
        return pa.list_(arrow_type(kind[6:-1]))
    return _TYPES[kind]


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of `table` in its order, as they are loaded."""
    return pa.schema([pa.field(column.name, arrow_type(column.type)) for column in table.columns])


@contextmanager
def prepared(table: Table, source: Source) -> Iterator[Prepared]:
    """A Parquet file of `source` with the columns of `table`; gone afterwards. Memory stays at one batch.

    Columns that `source` lacks are null; columns that start with `_` are bookkeeping of the cache and stay
    behind. Several parts become one file. Raises Permanent when a column is unknown, does not convert, or is null though required.
    """
    with tempfile.TemporaryDirectory(prefix="portal-load-") as folder:
        path, rows = Path(folder) / f"{table.name}.parquet", 0
        with pq.ParquetWriter(path, arrow_schema(table), compression="zstd") as writer:
            for batch in _batches(source, table):
                shaped = _shaped(table, batch)
                rows += shaped.num_rows
                writer.write_table(shaped)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield Prepared(path, digest, rows)


def check_keys(table: Table, path: Path) -> None:
    """Raise Permanent when two rows of the file share a primary key: which of them counts, nobody knows."""
    keys = pq.read_table(path, columns=list(table.primary_key))
    counts = keys.group_by(list(table.primary_key)).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if twice.num_rows:
        example = {name: twice[name][0].as_py() for name in table.primary_key}
        raise Permanent(
            f"{twice.num_rows:,} keys of {table.name} occur more than once, for example {example}.",
            "Keep one row per primary key before writing.",
        )


def days_of(path: Path, column: str) -> list[dt.date]:
    """The days that the rows of a file are of, in order."""
    values = pq.read_table(path, columns=[column], partitioning=None)[column]
    return sorted(pc.unique(values.cast(pa.date32())).to_pylist()) if len(values) else []


def check_days(table: Table, path: Path, column: str, days: Collection[dt.date]) -> None:
    """Raise Permanent when a row of the file is of none of `days`: it would land in another partition."""
    strays = [value for value in days_of(path, column) if value not in days]
    if strays:
        wanted = f"{min(days)}" if len(days) == 1 else f"{len(days)} days"
        raise Permanent(
            f"Rows for {table.name} of {wanted} hold other days in {column}, for example {strays[0]}.",
            "Replace each day with its own rows.",
        )


def _batches(source: Source, table: Table) -> Iterator[pa.Table]:
    if isinstance(source, Sequence):
        for part in source:
            for batch in _batches(part.path, table):
                yield batch if part.day is None else _dated(batch, part.day, table)
        return
    if isinstance(source, pa.Table):
        for start in range(0, source.num_rows, BATCH_ROWS):
            yield source.slice(start, BATCH_ROWS)
        if source.num_rows == 0:
            yield source
        return
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            yield pa.Table.from_batches([batch])


def _dated(batch: pa.Table, day: dt.date, table: Table) -> pa.Table:
    column = (table.partition or "date").removeprefix("DATE(").removesuffix(")")
    return batch.append_column(column, pa.repeat(pa.scalar(day, pa.date32()), batch.num_rows))


def _shaped(table: Table, batch: pa.Table) -> pa.Table:
    known = {column.name for column in table.columns}
    unknown = [name for name in batch.column_names if name not in known and not name.startswith("_")]
    if unknown:
        raise Permanent(
            f"{table.name} has no column {', '.join(map(repr, unknown))}.",
            f"Its columns are in sql/schema/{table.name}.sql.",
        )
    columns = []
    for column in table.columns:
        kind = arrow_type(column.type)
        values = (
            batch[column.name]
            if column.name in batch.column_names
            else pa.chunked_array([pa.nulls(len(batch), kind)])
        )
        if values.null_count and not column.nullable:
            raise Permanent(
                f"{table.name}.{column.name} is required, but null in {values.null_count:,} rows of a batch.",
                "Fill it, or send such records to dead_letters.",
            )
        try:
            columns.append(values.cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise Permanent(
                f"{table.name}.{column.name} is {column.type}, but the rows hold {values.type}: {error}",
                "Convert the values before writing.",
            ) from error
    return pa.table(columns, schema=arrow_schema(table))
