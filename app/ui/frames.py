"""Rows for pages: run a query, take the first of its rows, offer all of them as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

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
    for row in table.to_pylist():
        writer.writerow([_cell(value) for value in row.values()])
    return file.getvalue().encode()


def download(
    name: str, rows: int, query: str, params: Mapping[str, Any], *, paged: bool = True, what: str = "CSV"
) -> None:
    """A button for all rows of a query, not only the page shown; the query runs when it is pressed.

    `rows` is how many there are. More than DOWNLOAD_ROWS are cut, and the label says so.
    """
    limit = {"page_size": DOWNLOAD_ROWS} if paged else {}
    label = f"Download {what} ({text.plural(rows, 'row')})"
    if paged and rows > DOWNLOAD_ROWS:
        label = f"Download {what} (first {DOWNLOAD_ROWS:,} of {rows:,} rows)"
    st.download_button(
        label,
        data=later(query, {**params, **limit}),
        file_name=f"{name}-{text.now():%Y%m%dT%H%M%SZ}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        disabled=rows == 0,
        key=f"download-{name}",
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


def later(query: str, params: Mapping[str, Any]) -> Callable[[], bytes]:
    """What makes the CSV of a query when it is called."""
    return lambda: csv_of(queries.arrow(query, **params))


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
