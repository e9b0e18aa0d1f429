"""Terraform's functions that depend on nothing but their arguments, where the same result is certain.

Each takes values without anything unknown in them and raises Fault where Terraform would refuse. A function that is not
here (time, files, random, regular expressions of Go, YAML) makes its result unknown.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

from sync_jobs.terraform.texts import (
    formatlist,
    formatted,
    join,
    jsondecode,
    jsonencode,
    replace,
    split,
    substr,
    text,
    title,
)
from sync_jobs.terraform.values import (
    ITEMS_LIMIT,
    Fault,
    TfSet,
    Value,
    bool_of,
    equal,
    items_of,
    kind_of,
    number_of,
    plain,
    whole,
)


def _merge(*maps: Value) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    for one in maps:
        if one is not None and not isinstance(one, dict):
            raise Fault(f"merge() of a {kind_of(one)}")
        merged |= one or {}
    return merged


def _lookup(of: Value, key: Value, *default: Value) -> Value:
    if not isinstance(of, dict):
        raise Fault("lookup() wants a map")
    if text(key) in of:
        return of[text(key)]
    if not default:
        raise Fault(f"lookup() finds no {text(key)[:40]!r}")
    return default[0]


def _flatten(value: Value) -> list[Value]:
    flat: list[Value] = []
    for item in items_of(value):
        flat += _flatten(item) if isinstance(item, list | TfSet) else [item]
    return flat


def _distinct(value: Value) -> list[Value]:
    kept: list[Value] = []
    seen: set[str] = set()
    for item in items_of(value):
        key = json.dumps(plain(item), sort_keys=True)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def _element(value: Value, index: Value) -> Value:
    items = items_of(value)
    if not items:
        raise Fault("element() of an empty list")
    return items[int(number_of(index)) % len(items)]


def _contains(value: Value, item: Value) -> bool:
    return any(equal(one, item) is True for one in items_of(value))


def _coalesce(*values: Value) -> Value:
    for value in values:
        if value is not None and value != "":
            return value
    raise Fault("coalesce() finds nothing")


def _coalescelist(*values: Value) -> Value:
    for value in values:
        if value is not None and items_of(value):
            return value
    raise Fault("coalescelist() finds nothing")


def _range(*given: Value) -> list[Value]:
    numbers = [number_of(value) for value in given]
    start, end = (0, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else (1 if end >= start else -1)
    if step == 0 or abs((end - start) / step) > 1024:
        raise Fault("range() makes more than 1024 numbers")
    count = max(math.ceil((end - start) / step), 0)
    return [whole(start + number * step) for number in range(count)]


def _zipmap(keys: Value, values: Value) -> dict[str, Value]:
    names, found = items_of(keys), items_of(values)
    if len(names) != len(found):
        raise Fault("zipmap() has lists of different lengths")
    return {text(name): value for name, value in zip(names, found, strict=True)}


def _setproduct(*lists: Value) -> Value:
    total = math.prod(len(items_of(one)) for one in lists)
    if total > ITEMS_LIMIT:
        raise Fault("setproduct() makes too many elements")
    rows = [list(row) for row in itertools.product(*(items_of(one) for one in lists))]
    return TfSet.of(rows) if all(isinstance(one, TfSet) for one in lists) else rows


def _sets(combine: Callable[[set[str], set[str]], set[str]]) -> Callable[..., Value]:
    def combined(first: Value, *others: Value) -> TfSet:
        values: dict[str, Value] = {}
        keys: list[set[str]] = []
        for one in (first, *others):
            found = {json.dumps(plain(item), sort_keys=True): item for item in items_of(one)}
            values |= found
            keys.append(set(found))
        result = keys[0]
        for more in keys[1:]:
            result = combine(result, more)
        return TfSet.of(values[key] for key in result)

    return combined


def _slice(value: Value, start: Value, end: Value) -> list[Value]:
    items, first, last = items_of(value), int(number_of(start)), int(number_of(end))
    if not 0 <= first <= last <= len(items):
        raise Fault("slice() reaches outside its list")
    return items[first:last]


def _index(value: Value, item: Value) -> int:
    for number, one in enumerate(items_of(value)):
        if equal(one, item) is True:
            return number
    raise Fault("index() finds nothing")


def _one(value: Value) -> Value:
    items = items_of(value)
    if len(items) > 1:
        raise Fault("one() of several elements")
    return items[0] if items else None


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str) else len(items_of(value))


def _sorted(value: Value) -> list[Value]:
    return sorted(text(item) for item in items_of(value))


def _network(value: Value) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text(value), strict=False)
    except ValueError as error:
        raise Fault(f"{text(value)[:60]!r} is no range of addresses") from error


def _cidrsubnet(prefix: Value, bits: Value, number: Value) -> str:
    network, new = _network(prefix), int(number_of(bits))
    length, position = network.prefixlen + new, int(number_of(number))
    if new < 0 or length > network.max_prefixlen or not 0 <= position < 2**new:
        raise Fault("cidrsubnet() reaches outside its range")
    first = int(network.network_address) + position * 2 ** (network.max_prefixlen - length)
    address = type(network.network_address)(first)
    return f"{address}/{length}"


def _cidrhost(prefix: Value, number: Value) -> str:
    network, position = _network(prefix), int(number_of(number))
    position = network.num_addresses + position if position < 0 else position
    if not 0 <= position < network.num_addresses:
        raise Fault("cidrhost() reaches outside its range")
    return str(network.network_address + position)


def _chunks(value: Value, size: Value) -> list[Value]:
    items, by = items_of(value), int(number_of(size))
    if by <= 0:
        return [items]
    return [items[at : at + by] for at in range(0, len(items), by)]


def _hash(name: str) -> Callable[[Value], str]:
    return lambda value: hashlib.new(name, text(value).encode(), usedforsecurity=False).hexdigest()


def _tolist(value: Value) -> Value:
    return None if value is None else list(items_of(value))


def _toset(value: Value) -> Value:
    return None if value is None else TfSet.of(items_of(value))


def _tomap(value: Value) -> Value:
    if value is not None and not isinstance(value, dict):
        raise Fault(f"a {kind_of(value)} is no map")
    return value


def _keys(value: Value) -> list[Value]:
    if not isinstance(value, dict):
        raise Fault("keys() wants a map")
    return sorted(value)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number_of(value)),
    "alltrue": lambda value: all(bool_of(item) for item in items_of(value)),
    "anytrue": lambda value: any(bool_of(item) for item in items_of(value)),
    "base64encode": lambda value: base64.b64encode(text(value).encode()).decode(),
    "basename": lambda value: text(value).rstrip("/").rpartition("/")[2],
    "ceil": lambda value: math.ceil(number_of(value)),
    "chomp": lambda value: text(value).rstrip("\r\n"),
    "chunklist": _chunks,
    "cidrhost": _cidrhost,
    "cidrsubnet": _cidrsubnet,
    "coalesce": _coalesce,
    "coalescelist": _coalescelist,
    "compact": lambda value: [item for item in items_of(value) if item not in (None, "")],
    "concat": lambda *lists: [item for one in lists for item in items_of(one)],
    "contains": _contains,
    "distinct": _distinct,
    "element": _element,
    "endswith": lambda value, end: text(value).endswith(text(end)),
    "flatten": _flatten,
    "floor": lambda value: math.floor(number_of(value)),
    "format": formatted,
    "formatlist": formatlist,
    "index": _index,
    "join": join,
    "jsondecode": jsondecode,
    "jsonencode": jsonencode,
    "keys": _keys,
    "length": _length,
    "lookup": _lookup,
    "lower": lambda value: text(value).lower(),
    "max": lambda *values: max(number_of(value) for value in values),
    "md5": _hash("md5"),
    "merge": _merge,
    "min": lambda *values: min(number_of(value) for value in values),
    "nonsensitive": lambda value: value,
    "one": _one,
    "range": _range,
    "replace": replace,
    "reverse": lambda value: list(reversed(items_of(value))),
    "sensitive": lambda value: value,
    "setintersection": _sets(lambda a, b: a & b),
    "setproduct": _setproduct,
    "setsubtract": _sets(lambda a, b: a - b),
    "setunion": _sets(lambda a, b: a | b),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
    "slice": _slice,
    "sort": _sorted,
    "split": split,
    "startswith": lambda value, start: text(value).startswith(text(start)),
    "strcontains": lambda value, part: text(part) in text(value),
    "strrev": lambda value: text(value)[::-1],
    "substr": substr,
    "sum": lambda value: sum(number_of(item) for item in items_of(value)),
    "title": title,
    "tobool": lambda value: None if value is None else bool_of(value),
    "tolist": _tolist,
    "tomap": _tomap,
    "tonumber": lambda value: None if value is None else number_of(value),
    "toset": _toset,
    "tostring": lambda value: None if value is None else text(value),
    "trim": lambda value, cut: text(value).strip(text(cut)),
    "trimprefix": lambda value, start: text(value).removeprefix(text(start)),
    "trimspace": lambda value: text(value).strip(),
    "trimsuffix": lambda value, end: text(value).removesuffix(text(end)),
    "upper": lambda value: text(value).upper(),
    "values": lambda value: items_of(value) if isinstance(value, dict) else _keys(value),
    "zipmap": _zipmap,
}
