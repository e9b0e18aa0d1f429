"""Rows for pages: run a query, take the first of its rows, offer all of them as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import streamlit as st

from app import queries
from app.ui import text

if TYPE_CHECKING:
    import pyarrow as pa

DOWNLOAD_ROWS = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(key: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of `sql/<key>.sql`; what is missing is None, times are in UTC. Raises PortalError."""
    found: list[dict[str, Any]] = queries.arrow(key, **params).to_pylist()
    return found


def first(key: str, **params: Any) -> dict[str, Any]:
    """The first row, or an empty dictionary."""
    found = rows(key, **params)
    return found[0] if found else {}


def csv_of(table: pa.Table) -> bytes:
    """The table as CSV, UTF-8. Text that a spreadsheet would run gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(table.column_names)
    for batch in table.to_batches(max_chunksize=20_000):
        writer.writerows([_cell(value) for value in row.values()] for row in batch.to_pylist())
    return file.getvalue().encode()


def json_of(table: pa.Table, parsed: Collection[str] = ()) -> bytes:
    """The table as a JSON array of objects; the columns in `parsed` hold JSON and stay JSON."""
    parts = []
    for batch in table.to_batches(max_chunksize=20_000):
        for row in batch.to_pylist():
            for column in parsed:
                row[column] = orjson.loads(row[column]) if row[column] else None
            parts.append(orjson.dumps(row, option=orjson.OPT_UTC_Z))
    return b"[\n" + b",\n".join(parts) + b"\n]\n"


def download(
    name: str,
    rows: int,
    query: str,
    params: Mapping[str, Any],
    *,
    paged: bool = True,
    what: str = "CSV",
    most: int = DOWNLOAD_ROWS,
    parsed: Collection[str] = (),
) -> None:
    """A button for all rows of a query, not only the page shown; the query runs when it is pressed.

    `rows` is how many there are. More than `most` are cut, and the label says so. `what` is CSV or JSON, in which the
    columns in `parsed` hold JSON.
    """
    limit = {"page_size": most} if paged else {}
    label = f"Download {what} ({text.plural(rows, 'row')})"
    if paged and rows > most:
        label = f"Download {what} (first {most:,} of {rows:,} rows)"
    kind = "json" if what == "JSON" else "csv"
    make = (lambda table: json_of(table, parsed)) if kind == "json" else csv_of
    st.download_button(
        label,
        data=later(query, {**params, **limit}, make),
        file_name=f"{name}-{text.now():%Y%m%dT%H%M%SZ}.{kind}",
        mime="application/json" if kind == "json" else "text/csv",
        icon=":material/download:",
        on_click="ignore",
        disabled=rows == 0,
        key=f"download-{name}" if kind == "csv" else f"download-{name}-{kind}",
    )


def facts(values: Mapping[str, Any], alt: str) -> None:
    """A table of names and values; text from outside is shown as it is."""
    rows = {text.plain(name): text.plain(value) for name, value in values.items()}
    st.table({"": rows}, border="horizontal", hide_header=True, alt=alt)


def choices(key: str, **params: Any) -> dict[str, list[str]]:
    """A query of facets and values as filter -> choices, in the order of the rows."""
    found: dict[str, list[str]] = {}
    for row in rows(key, **params):
        found.setdefault(row["facet"], []).append(row["value"])
    return found


def later(
    query: str, params: Mapping[str, Any], make: Callable[[pa.Table], bytes] = csv_of
) -> Callable[[], bytes]:
    """What makes the file of a query when it is called."""
    return lambda: make(queries.arrow(query, **params))


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
