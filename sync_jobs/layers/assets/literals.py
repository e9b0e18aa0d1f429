"""Our own paths in SQL text. DuckDB takes no parameters where these stand."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def literal(path: Path | str) -> str:
    """A path as a SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def parquet(files: Iterable[str]) -> str:
    """A relation over Parquet files."""
    return f"read_parquet([{', '.join(literal(file) for file in files)}])"
