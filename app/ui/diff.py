"""What differs between two JSON documents, path by path. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

Leaf = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """One path and its value before and after; None where the path was not there."""

    path: str
    before: str | None
    after: str | None


def differences(before: str | None, after: str | None) -> list[Difference]:
    """Differences between two JSON texts, in order of path. An absent document counts as empty.

    Lists are compared by position, except lists of plain values, which are compared as sets: their order
    carries no meaning in the inventory.
    """
    old, new = dict(_leaves(_read(before))), dict(_leaves(_read(after)))
    return [
        Difference(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def _read(document: str | None) -> Any:
    return orjson.loads(document) if isinstance(document, str) and document else {}


def _leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        if all(not isinstance(item, dict | list) for item in value):
            for item in sorted({_written(item) for item in value}):
                yield f"{path}[{item}]", item
        else:
            for index, item in enumerate(value):
                yield from _leaves(item, f"{path}[{index}]")
    elif value is not None and value not in ({}, []):
        yield path, _written(value)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
