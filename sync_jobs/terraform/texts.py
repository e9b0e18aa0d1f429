"""Terraform's functions on texts: format, JSON, split and join, replace."""

from __future__ import annotations

import itertools
import json
import re

from sync_jobs.terraform.values import (
    TEXT_LIMIT,
    Fault,
    Unknown,
    Value,
    bool_of,
    items_of,
    kind_of,
    number_of,
    plain,
    text_of,
    whole,
)

_NUMBERS = frozenset("dxXofFeE")
_VERB = re.compile(r"%(?:(%)|(?:\[(\d+)\])?([-+0 #]*)(\d+)?(?:\.(\d+))?([a-zA-Z]))")


def text(value: Value) -> str:
    """Its text. Raises Fault."""
    found = text_of(value)
    if isinstance(found, Unknown):
        raise Fault(str(found))
    return found


def formatted(pattern: Value, *values: Value) -> str:
    used = itertools.count()

    def one(found: re.Match[str]) -> str:
        percent, index, flags, width, precision, verb = found.groups()
        if percent:
            return "%"
        position = int(index) - 1 if index else next(used)
        if position >= len(values):
            raise Fault("format() has too few arguments")
        return _verb(values[position], flags, width, precision, verb)

    return _VERB.sub(one, text(pattern))


def _verb(value: Value, flags: str, width: str | None, precision: str | None, verb: str) -> str:
    if width is not None and int(width) > 1000:
        raise Fault("format() has a width over 1000")
    spec = f"%{flags}{width or ''}" + (f".{precision}" if precision is not None else "")
    if verb in _NUMBERS:
        return (spec + verb) % _numeric(value, verb)
    if verb == "v" and kind_of(value) not in ("string", "number", "bool"):
        return jsonencode(value)
    if verb in "sv":
        return (spec + "s") % text(value)
    if verb == "t":
        return text(bool_of(value))
    if verb == "q":
        return json.dumps(text(value), ensure_ascii=False)
    raise Fault(f"format() has no verb %{verb}")


def _numeric(value: Value, verb: str) -> int | float:
    number = number_of(value)
    if verb in "fFeE":
        return float(number)
    if whole(float(number)) != int(number):
        raise Fault("format() wants a whole number")
    return int(number)


def formatlist(pattern: Value, *values: Value) -> list[Value]:
    lists = [items_of(value) for value in values if kind_of(value) in ("list", "map")]
    length = len(lists[0]) if lists else 1
    if any(len(one) != length for one in lists):
        raise Fault("formatlist() has lists of different lengths")
    rows = range(length)
    return [
        formatted(pattern, *(items_of(v)[row] if kind_of(v) in ("list", "map") else v for v in values))
        for row in rows
    ]


def jsonencode(value: Value) -> str:
    made = json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def jsondecode(value: Value) -> Value:
    try:
        return json.loads(text(value))
    except (ValueError, RecursionError) as error:
        raise Fault("jsondecode() has no JSON") from error


def replace(value: Value, old: Value, new: Value) -> str:
    if len(text(old)) > 1 and text(old).startswith("/") and text(old).endswith("/"):
        raise NotImplementedError("replace() with a regular expression")
    if text(old) == "" and len(text(value)) * len(text(new)) > TEXT_LIMIT:
        raise Fault("replace() makes too long a text")
    return text(value).replace(text(old), text(new))


def substr(value: Value, offset: Value, length: Value) -> str:
    whole_text, start, count = text(value), int(number_of(offset)), int(number_of(length))
    start = max(start + len(whole_text), 0) if start < 0 else start
    return whole_text[start:] if count < 0 else whole_text[start : start + count]


def title(value: Value) -> str:
    return re.sub(r"(^|[\s])(\w)", lambda found: found[1] + found[2].upper(), text(value))


def split(separator: Value, value: Value) -> list[Value]:
    return list(text(value).split(text(separator))) if text(separator) else list(text(value))


def join(separator: Value, *lists: Value) -> str:
    return text(separator).join(text(item) for one in lists for item in items_of(one))
