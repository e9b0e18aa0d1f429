"""Values of Terraform as Python's: null, bool, int or float, str, list, dict; sets; and what is not known, with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Value = Any
TEXT_LIMIT = 1_000_000
ITEMS_LIMIT = 100_000


@dataclass(frozen=True)
class Unknown:
    """A value that is not in the text. `kind` is one of a few (they are counted), `detail` says which."""

    kind: str
    detail: str = ""
    key: str | None = field(default=None, compare=False)  # what it names, where that is certain all the same

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


class Fault(Exception):
    """An expression that Terraform would refuse, such as an index that is not there. Becomes Unknown, or try()'s next."""


NOT_EXACT = "expression that cannot be worked out here"
REFUSED = "expression that Terraform would refuse"
TOO_LARGE = Unknown(NOT_EXACT, "it grows too large")


@dataclass(frozen=True)
class TfSet:
    """A set, in Terraform's order (its texts sorted)."""

    items: tuple[Value, ...]

    @classmethod
    def of(cls, values: Iterable[Value]) -> TfSet:
        """Each value once."""
        kept: dict[str, Value] = {}
        for value in values:
            kept.setdefault(key_of(value), value)
        return cls(tuple(kept[key] for key in sorted(kept)))


class Reference:
    """Something declared elsewhere whose attributes are looked up when they are asked for: a resource or a module."""

    def get(self, name: str) -> Value:
        """One attribute or output."""
        raise NotImplementedError

    def at(self, key: Value) -> Value:
        """The instance of that key or number."""
        raise NotImplementedError

    def collection(self) -> Value:
        """All instances: by key, as a list, or Unknown. Raises Fault for a single one."""
        raise NotImplementedError


WHOLE = Unknown(NOT_EXACT, "a resource or module as a whole")


def key_of(value: Value) -> str:
    """Equal for equal values, unlike for others; sorts texts as Terraform does."""
    if isinstance(value, str):
        return value
    return repr(value)


def kind_of(value: Value) -> str:
    """Terraform's name for what it is."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | TfSet):
        return "list"
    return "map" if isinstance(value, dict) else "object"


def text_of(value: Value) -> str | Unknown:
    """As in a template or tostring(): only for text, numbers and bools."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return TOO_LARGE
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    raise Fault(f"a {kind_of(value)} is no text")


def number_of(value: Value) -> int | float:
    """A number, also one written as text. Raises Fault."""
    if isinstance(value, bool):
        raise Fault("a bool is no number")
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            return whole(float(value))
        except (ValueError, OverflowError) as error:
            raise Fault(f"{value[:40]!r} is no number") from error
    raise Fault(f"a {kind_of(value)} is no number")


def whole(value: float) -> int | float:
    """Terraform has one kind of number: 2.0 is 2."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def bool_of(value: Value) -> bool:
    """A bool, also "true" and "false". Raises Fault."""
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise Fault(f"a {kind_of(value)} is no bool")


def items_of(value: Value) -> list[Value]:
    """The elements of a list, a set or a map. Raises Fault for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, TfSet):
        return list(value.items)
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    raise Fault(f"a {kind_of(value)} has no elements")


def pairs_of(value: Value) -> list[tuple[Value, Value]]:
    """(key, value) of a map in the order of its keys, (index, value) of a list, (value, value) of a set."""
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, TfSet):
        return [(item, item) for item in value.items]
    return list(enumerate(items_of(value)))


def equal(a: Value, b: Value) -> bool | Unknown:
    """Terraform's ==: the types count."""
    unknown = first_unknown([a, b])
    if unknown is not None:
        return unknown
    return kind_of(a) == kind_of(b) and plain(a) == plain(b)


def first_unknown(values: Iterable[Value]) -> Unknown | None:
    """The first thing that is not known in them, at any depth."""
    return next((found for value in values for found in unknowns(value)), None)


def unknowns(value: Value) -> Iterator[Unknown]:
    """Everything in it that is not known."""
    if isinstance(value, Unknown | Reference):
        yield value if isinstance(value, Unknown) else WHOLE
    elif isinstance(value, dict):
        for item in value.values():
            yield from unknowns(item)
    elif isinstance(value, list):
        for item in value:
            yield from unknowns(item)
    elif isinstance(value, TfSet):
        for item in value.items:
            yield from unknowns(item)


def plain(value: Value) -> Value:
    """For JSON: sets as lists. What is not known becomes null."""
    if isinstance(value, TfSet):
        return [plain(item) for item in value.items]
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return None if isinstance(value, Unknown | Reference) else value


def unknown_paths(value: Value, path: str) -> Iterator[tuple[str, Unknown]]:
    """(path such as allow.0.ports, why) of everything in it that is not known."""
    if isinstance(value, Unknown | Reference):
        yield path, value if isinstance(value, Unknown) else WHOLE
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unknown_paths(item, f"{path}.{key}")
    elif isinstance(value, list | TfSet):
        for number, item in enumerate(value.items if isinstance(value, TfSet) else value):
            yield from unknown_paths(item, f"{path}.{number}")
