"""Our own paths in SQL text. DuckDB takes no parameters where these stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from app.schema import with_later_columns


def literal(path: Path | str) -> str:
    """A path as a SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def parquet(files: Iterable[str]) -> str:
    """A relation over Parquet files."""
    return f"read_parquet([{', '.join(literal(file) for file in files)}])"


def assets(files: Iterable[str]) -> str:
    """A relation over files of the table `assets`, also of those that an earlier version wrote."""
    return f"({with_later_columns('assets', f'SELECT * FROM {parquet(files)}')})"
