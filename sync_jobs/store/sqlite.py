"""How state.sqlite is opened, and what SQLite's errors mean in the portal's terms."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tenacity

from app.errors import PortalError, Retryable

BUSY_SECONDS = 15.0


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes to `path` in WAL mode and waits up to BUSY_SECONDS for other writers.

    Raises Retryable while another writer keeps it locked, PortalError when it cannot be written.
    """
    with explained(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        _use_wal(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Two that switch a new file to WAL at once would wait for each other, so SQLite refuses one of them at
    once instead of letting it wait for its timeout: the waiting is done here."""
    waiting = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_busy),
        stop=tenacity.stop_after_delay(BUSY_SECONDS),
        wait=tenacity.wait_random(0.005, 0.05),
        reraise=True,
    )
    waiting(connection.execute, "PRAGMA journal_mode = WAL")


def _is_busy(error: BaseException) -> bool:
    text = str(error)
    return isinstance(error, sqlite3.OperationalError) and ("locked" in text or "busy" in text)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors in the portal's terms."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if _is_busy(error):
            raise Retryable(
                f"{path} stayed locked by another writer for {BUSY_SECONDS:.0f} s.", "Try again in a moment."
            ) from error
        if "full" in text:
            raise Retryable(
                f"The disk that holds {path} is full.", "Free some space; nothing was lost."
            ) from error
        if "readonly" in text or "unable to open" in text:
            raise PortalError(
                f"{path} cannot be written ({text}).", "Give this user write access to PORTAL_HOME."
            ) from error
        raise
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            raise PortalError(
                f"{path} is damaged ({error}).",
                "Stop the portal, move the file aside and run the layers again, or restore it from a backup.",
            ) from error
        raise
