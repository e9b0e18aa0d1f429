"""A variable's type constraint put on a value, as far as it changes what expressions see."""

from __future__ import annotations

from collections.abc import Callable

from sync_jobs.terraform.syntax import Expr
from sync_jobs.terraform.values import (
    Fault,
    Reference,
    TfSet,
    Unknown,
    Value,
    bool_of,
    items_of,
    number_of,
    text_of,
)

Evaluate = Callable[[Expr], Value]


def converted(value: Value, type_: Expr, evaluate: Evaluate) -> Value:
    """`value` as the type makes it: optional attributes filled in, numbers to text and back, lists to sets.

    A value that does not fit stays as it is: Terraform would refuse it, and what uses it says so.
    """
    try:
        return _converted(value, type_, evaluate)
    except Fault:
        return value


def _converted(value: Value, type_: Expr, evaluate: Evaluate) -> Value:
    if value is None or isinstance(value, Unknown | Reference):
        return value
    if type_[0] == "name":
        return _primitive(value, type_[1])
    if type_[0] != "call" or not type_[2]:
        return value
    return _compound(value, type_[1], type_[2][0], evaluate)


def _compound(value: Value, name: str, inner: Expr, evaluate: Evaluate) -> Value:
    if name == "optional":
        return _converted(value, inner, evaluate)
    if name in ("list", "set"):
        items = [_converted(item, inner, evaluate) for item in items_of(value)]
        return items if name == "list" else _set(items)
    if name == "map" and isinstance(value, dict):
        return {key: _converted(item, inner, evaluate) for key, item in value.items()}
    if name == "tuple" and isinstance(value, list) and inner[0] == "list":
        return [_converted(item, kind, evaluate) for item, kind in zip(value, inner[1], strict=False)]
    whole = name == "object" and isinstance(value, dict) and inner[0] == "obj"
    return _object(value, inner, evaluate) if whole else value


def _primitive(value: Value, name: str) -> Value:
    if name == "string":
        return text_of(value)
    if name == "number":
        return number_of(value)
    return bool_of(value) if name == "bool" else value


def _set(items: list[Value]) -> Value:
    unknown = next((item for item in items if isinstance(item, Unknown)), None)
    return TfSet.of(items) if unknown is None else unknown


def _object(value: dict[str, Value], fields: Expr, evaluate: Evaluate) -> dict[str, Value]:
    """Only the attributes of the type; optional ones that are not given get their default, or null."""
    made: dict[str, Value] = {}
    for key, type_ in fields[1]:
        name = str(key[1])
        optional = type_[0] == "call" and type_[1] == "optional"
        default = type_[2][1] if optional and len(type_[2]) > 1 else None
        given = value.get(name)
        if given is None and default is not None:
            made[name] = _converted(evaluate(default), type_[2][0], evaluate)
        elif name in value or optional:
            made[name] = _converted(given, type_, evaluate)
    return made
