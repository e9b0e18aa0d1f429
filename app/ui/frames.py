"""Frames for pages: run a query, take single values out of it, offer all of it as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import queries
from app.ui import text

if TYPE_CHECKING:
    import pandas as pd

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


def csv(frame: pd.DataFrame) -> bytes:
    """The frame as CSV, UTF-8. Text that a spreadsheet would run gets an apostrophe before it."""
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype.kind not in "ifbM":
            safe[name] = [_inert(value) for value in safe[name]]
    return safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ").encode()


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
    return lambda: csv(queries.run(query, **params))


def _inert(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
