"""What an engine is: something that answers a SQL file with an Arrow table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from app.sql_files import SqlFile


@dataclass(frozen=True)
class Estimate:
    """What a query would read, known before it runs."""

    bytes: int


class Engine(Protocol):
    """Answers SQL files, read-only. Both engines give the same rows and types.

    JSON columns are text, TIMESTAMP is microseconds in UTC, DATE is date32, ARRAY is a list. Errors are
    PortalErrors.
    """

    name: str

    def query(self, file: SqlFile, params: Mapping[str, object], *, limit: int | None = None) -> pa.Table:
        """The rows of `file`, the first `limit` of them when given."""
        ...

    def estimate(self, file: SqlFile, params: Mapping[str, object]) -> Estimate:
        """What the query would read. Reads nothing."""
        ...

    def close(self) -> None:
        """Let go of files and connections. The next query opens them again."""
        ...
