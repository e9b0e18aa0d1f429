"""What the evaluator does with values it has: arithmetic, calls, attributes and elements. All raise Fault."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sync_jobs.terraform.values import (
    ITEMS_LIMIT,
    TEXT_LIMIT,
    TOO_LARGE,
    Fault,
    Reference,
    Unknown,
    Value,
    first_unknown,
    kind_of,
    number_of,
    text_of,
    whole,
)

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def keyed(pairs: list[tuple[Value, Value]], grouped: bool) -> dict[str, Value]:
    """The map of a `for` with keys; `grouped` (…) gathers the values of a key."""
    made: dict[str, Value] = {}
    for name, value in pairs:
        if grouped:
            made.setdefault(name, []).append(value)
        elif name in made:
            raise Fault(f"for makes the key {name[:40]!r} twice")
        else:
            made[name] = value
    return made


def called(name: str, function: Callable[..., Any], values: list[Value]) -> Value:
    try:
        return limited(function(*values))
    except NotImplementedError as error:
        return Unknown("function whose result is not certain here", str(error))
    except (TypeError, AttributeError, ValueError, KeyError, IndexError) as error:
        raise Fault(f"{name}() does not take what it is given") from error


def arithmetic(op: str, a: float, b: float) -> Value:
    if op in _COMPARE:
        return _COMPARE[op](a, b)
    if op in "/%" and b == 0:
        raise Fault("division by zero")
    if op == "%":
        return whole(a - b * int(a / b))  # the sign of the dividend, as in Go
    made = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op](a, b)
    if isinstance(made, int) and abs(made) > 10**40:
        raise OverflowError
    return whole(made)


def limited(value: Value) -> Value:
    if isinstance(value, str) and len(value) > TEXT_LIMIT:
        return TOO_LARGE
    if isinstance(value, list | dict) and len(value) > ITEMS_LIMIT:
        return TOO_LARGE
    return value


def not_null(value: Value) -> Value:
    if value is None:
        raise Fault("null in a text or as a key")
    return value


def collected(value: Value) -> Value:
    """All instances of a resource or module with count or for_each; any other value itself."""
    if isinstance(value, Reference):
        try:
            return value.collection()
        except Fault:
            return value
    return value


def attribute(of: Value, name: str) -> Value:
    """`of.name`. Raises Fault."""
    if isinstance(of, Unknown):
        return of
    if isinstance(of, Reference):
        return of.get(name)
    if isinstance(of, dict):
        if name in of:
            return of[name]
        raise Fault(f"there is no attribute {name[:40]!r}")
    raise Fault(f"a {kind_of(of)} has no attribute {name[:40]!r}")


def at(of: Value, key: Value) -> Value:
    """`of[key]`. Raises Fault."""
    unknown = first_unknown([key]) or (of if isinstance(of, Unknown) else None)
    if unknown is not None:
        return unknown
    if isinstance(of, Reference):
        return of.at(key)
    if isinstance(of, dict):
        return attribute(of, str(text_of(key)))
    if isinstance(of, list):
        number = number_of(key)
        if number != int(number) or not 0 <= number < len(of):
            raise Fault(f"there is no element {number}")
        return of[int(number)]
    raise Fault(f"a {kind_of(of)} has no elements to choose from")
