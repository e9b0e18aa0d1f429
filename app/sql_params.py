"""Typed parameters of SQL files: what a value may be, and what text from a command line or a link becomes."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from app.errors import SqlFileError

_ARRAY = re.compile(r"^ARRAY<([A-Z0-9]+)>$")
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True)
class Param:
    """One parameter, `@name` in the text. `type` is a BigQuery type. Without a default it is required."""

    name: str
    type: str
    required: bool = True
    default: Any = None
    description: str = ""


def check_type(name: str) -> str:
    """The canonical spelling of a parameter type. Raises ValueError that says which types there are."""
    wanted = name.replace(" ", "").upper()
    element = _ARRAY.match(wanted)
    if (element.group(1) if element else wanted) in _COERCE:
        return wanted
    raise ValueError(f"one of {', '.join(_COERCE)} or ARRAY<one of these>")


def coerce(value: object, kind: str) -> Any:
    """`value` as a Python value of the BigQuery type `kind`. NULL stays None, a NULL array is the empty list.

    Texts are read as that type, because command lines and links know only text. Raises ValueError saying what
    was expected.
    """
    element = _ARRAY.match(kind)
    if element is None:
        return None if value is None else _COERCE[kind](value)
    if value is None:
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _json(value)
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError('a list, such as ["a", "b"]')
    items = sorted(value, key=repr) if isinstance(value, set | frozenset) else list(value)
    if any(item is None for item in items):
        raise ValueError("a list without NULL in it")
    return [_COERCE[element.group(1)](item) for item in items]


def infer(name: str, value: object) -> Param:
    """The parameter that a bare Python value stands for, where nothing declares one."""
    if isinstance(value, list | tuple):
        kinds = {_scalar_type(item) for item in value} or {"STRING"}
        if kinds == {"INT64", "FLOAT64"}:
            kinds = {"FLOAT64"}
        if len(kinds) > 1:
            raise SqlFileError(
                f"Parameter {name} mixes {' and '.join(sorted(kinds))} in one list.", "Use one type."
            )
        return Param(name, f"ARRAY<{kinds.pop()}>")
    return Param(name, _scalar_type(value), required=value is not None)


def bind(where: str, params: tuple[Param, ...], values: Mapping[str, object]) -> dict[str, Any]:
    """All of `params` with their values typed and defaults filled in, in the order they are declared.

    Raises SqlFileError for an unknown, missing or unsuitable one; `where` names the file in it.
    """
    known = {param.name for param in params}
    takes = (
        f"It takes {', '.join(f'{p.name} ({p.type})' for p in params)}."
        if params
        else "It takes no parameters."
    )
    for name in values:
        if name not in known:
            raise SqlFileError(f"{where} has no parameter {name!r}.", takes)
    bound: dict[str, Any] = {}
    for param in params:
        value = values.get(param.name, param.default)
        if param.required and (param.name not in values or (value is None and not _ARRAY.match(param.type))):
            raise SqlFileError(f"{where} needs a value for the parameter {param.name} ({param.type}).", takes)
        try:
            bound[param.name] = coerce(value, param.type)
        except ValueError as error:
            raise SqlFileError(
                f"{where}: parameter {param.name} is {_shown(value)}; expected {param.type}, {error}.",
                param.description,
            ) from None
    return bound


def _scalar_type(value: object) -> str:
    for types, kind in _INFER:
        if isinstance(value, types):
            return kind
    return "STRING" if value is None else "JSON"


_INFER: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "BOOL"),
    (int, "INT64"),
    (float, "FLOAT64"),
    (Decimal, "NUMERIC"),
    (str, "STRING"),
    (bytes, "BYTES"),
    (dt.datetime, "TIMESTAMP"),
    (dt.date, "DATE"),
)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | Decimal):  # --param project=123 reads as a number
        return json.dumps(value) if isinstance(value, bool) else str(value)
    raise ValueError("text")


def _int64(value: object) -> int:
    number: int | None = None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif hasattr(value, "__index__") and not isinstance(value, bool):  # the integers of NumPy
        number = value.__index__()
    if number is None or number not in _INT64:
        raise ValueError("a whole number of at most 64 bits")
    return number


def _float64(value: object) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError("a number") from None
    if not math.isfinite(number):
        raise ValueError("a finite number")
    return number


def _numeric(value: object) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        number = Decimal(str(value))
        if not number.is_finite() or number != round(number, 9) or abs(number) >= Decimal(10) ** 29:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError("a decimal number of at most 29 digits before and 9 after the point") from None
    return number


def _bool(value: object) -> bool:
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _date(value: object) -> dt.date:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            pass  # told below, with the form it should have
    raise ValueError("a day such as 2024-03-31")


def _timestamp(value: object) -> dt.datetime:
    expected = "an instant with its time zone, such as 2024-03-31T12:00:00Z"
    if isinstance(value, str):
        try:
            parsed = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(expected) from None
        # BigQuery reads a text without a zone as UTC; so do we.
        value = parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise ValueError(expected)
    instant = value.astimezone(dt.UTC)
    # Anew, because pandas' own subclass carries nanoseconds that neither engine takes.
    return dt.datetime.combine(instant.date(), instant.time().replace(tzinfo=None), tzinfo=dt.UTC)


def _json(value: object) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("valid JSON") from None


def _json_text(value: object) -> str:
    try:
        parsed = _json(value)
        return value if isinstance(value, str) else json.dumps(parsed, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("valid JSON") from None


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise ValueError("bytes")


_COERCE: dict[str, Callable[[object], Any]] = {
    "STRING": _string,
    "INT64": _int64,
    "FLOAT64": _float64,
    "NUMERIC": _numeric,
    "BOOL": _bool,
    "DATE": _date,
    "TIMESTAMP": _timestamp,
    "JSON": _json_text,
    "BYTES": _bytes,
}
