"""Few rules that stand for all: together they use whatever any rule uses.

Rows of every rule through the slow engines take minutes. What can go wrong there is how an engine understands a function
or a clause, and in what company; that a rule says what it should is shown by its rows in DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from app.sql_files import SqlFile

_TEXT = re.compile(r"r?'(?:[^'\\]|\\.)*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b")


def words(file: SqlFile) -> set[str]:
    """Its functions and keywords: they are in capitals, names are not."""
    return set(_listed(file))


def _listed(file: SqlFile) -> list[str]:
    return _WORD.findall(_TEXT.sub("''", file.text))


@lru_cache
def cover(files: tuple[SqlFile, ...], uses: Callable[[SqlFile], set[str]]) -> list[str]:
    """Keys of rules that use all that `files` use, the richest first."""
    left = {file.key: uses(file) for file in files}
    missing, chosen = set().union(*left.values()), []
    while missing:
        best = max(sorted(left), key=lambda key: len(left[key] & missing))
        missing -= left.pop(best)
        chosen.append(best)
    return chosen
