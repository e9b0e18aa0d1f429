"""Numbered steps of state.sqlite's shape: NNNN_name.sql, applied once, in order, each in one transaction."""

from __future__ import annotations

import re
import sqlite3
from functools import cache
from pathlib import Path

from app.errors import PortalError

_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


@cache
def steps(folder: Path = Path(__file__).parent) -> tuple[tuple[int, Path], ...]:
    """The steps in order: (number, file). Raises PortalError for a gap, a double or a badly named file."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise PortalError(f"Migration {path.name} is not named NNNN_name.sql.", "Rename it.")
        found.append((int(match[1]), path))
    numbers = [number for number, _ in found]
    if numbers != list(range(1, len(numbers) + 1)):
        raise PortalError(
            f"Migrations are numbered {numbers}, expected 1, 2, 3, … without gaps.", "Renumber them."
        )
    return tuple(found)


def latest() -> int:
    """The version this code writes."""
    return steps()[-1][0]


def version(connection: sqlite3.Connection) -> int:
    """The version of a state file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, target: int | None = None) -> None:
    """Bring a state file to `target` (default: the latest). Raises PortalError if it is newer than this code."""
    goal = latest() if target is None else target
    current = version(connection)
    if current > latest():
        raise PortalError(
            f"The cache was written by a newer version (schema {current}, this one knows {latest()}).",
            "Upgrade the portal, or give it another PORTAL_HOME.",
        )
    if current >= goal:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        for number, path in steps()[version(connection) : goal]:
            _run(connection, path)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _run(connection: sqlite3.Connection, path: Path) -> None:
    """Statement by statement: executescript would commit in between."""
    statement = ""
    for line in path.read_text().splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
