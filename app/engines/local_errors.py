"""DuckDB's and SQLite's errors in the portal's terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from app.errors import PortalError, QueryError, Retryable


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Around reads of state.sqlite."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if str(error).startswith(("no such table", "no such column")):
            raise Retryable(
                f"{path} was written by an older version of the portal ({error}).",
                "Start the sidecar (`python -m sync_jobs serve`): it brings the file up to date. Nothing is lost.",
            ) from error
        raise Retryable(
            f"{path} could not be read ({error}).", "Check that this user may read it, then try again."
        ) from error
    except sqlite3.DatabaseError as error:
        raise PortalError(
            f"{path} is damaged ({error}).",
            "Stop the portal and restore the file from a backup, or move it aside and run the layers again.",
        ) from error


def translated(error: duckdb.Error, timeout_seconds: float) -> PortalError:
    """What a failed query means for the person who asked."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return QueryError(
            f"The query ran longer than {timeout_seconds:g} s and was stopped.",
            "Ask for less, or raise PORTAL_QUERY_TIMEOUT_SECONDS.",
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return QueryError(
            "The query needed more memory than it may have.", "Ask for less, or raise PORTAL_MEMORY_LIMIT."
        )
    if isinstance(error, duckdb.PermissionException):
        return QueryError(
            f"The query is not allowed: {text}",
            "Only the tables of the cache can be read; nothing can be written.",
        )
    if isinstance(error, duckdb.IOException | duckdb.InvalidInputException) and "parquet" in text.lower():
        return PortalError(
            f"A file of the cache could not be read: {text}",
            "Run the assets layer again; it writes a new one.",
        )
    return QueryError(
        f"The query failed: {text}", "Check names and types; `query` accepts BigQuery's dialect."
    )
