"""Finds the records in an export file, one by one, whatever its shape and whatever is broken in it.

The bulk path never comes here: DuckDB reads a clean file in one go. This is for files it refuses. Every byte ends
up in a record or in a fault, so nothing is lost, and a broken record does not take its neighbours with it.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

# A string as a whole (so that brackets in it do not count), or one bracket. JSON has no line breaks in strings: an
# open string ends with its line.
_TOKEN = re.compile(rb'"(?:[^"\\\r\n]|\\[^\r\n])*(?:"|\\?(?=[\r\n])|\\?\Z)|[{}]')
_PADDING = b"\xef\xbb\xbf \t\r\n\x1e,[]"
_BLANK = b"\xef\xbb\xbf \t\r\n\x1e"
# Where a record may begin in broken bytes: an object that starts with a field of a record and is no field's value.
_START = re.compile(
    rb'(?<!":)(?<!": )\{\s*"(?:name|asset_?[tT]ype|update_?[tT]ime|ancestors|ancestry_path|resource'
    rb"|(?:iam|org|access)_?[pP]olicy|access_?[lL]evel|service_?[pP]erimeter|osInventory|relatedAssets?"
    rb'|asset|prior_?[aA]sset(?:_?[sS]tate)?|deleted|window)"\s*:'
)
LARGEST_RECORD = 256 * 1024 * 1024
PEEK_LINES = 100
STRAY = "Expected a JSON object between its neighbours, found something else."
INVALID = "Not valid JSON"
CUT_OFF = "The file ends inside a record, or the record never closes: it was cut off."


@dataclass(frozen=True)
class Record:
    """One JSON object as it stands in the file. `line` counts from 1."""

    line: int
    raw: bytes


@dataclass(frozen=True)
class Fault:
    """Bytes that are no asset, and why."""

    line: int
    raw: bytes
    reason: str


def scan(path: Path) -> Iterator[Record | Fault]:
    """All records and faults of an uncompressed file, in order."""
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield from _lines(content) if _is_ndjson(content) else _values(content, 1)


def fault_of(raw: bytes) -> str | None:
    """Why these bytes are no asset and no asset change; None when they are one."""
    if len(raw) > LARGEST_RECORD:
        return f"The record has {len(raw)} bytes; at most {LARGEST_RECORD} are taken in."
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return f"{INVALID}: {error}."
    if not isinstance(record, dict):
        return f"Expected a JSON object, found {type(record).__name__}."
    if "asset" in record or "priorAsset" in record or "prior_asset" in record:
        return _change_fault(record)
    return _asset_fault(record)


def _change_fault(record: dict[str, Any]) -> str | None:
    asset, prior = record.get("asset"), record.get("priorAsset", record.get("prior_asset"))
    named = [one for one in (asset, prior) if isinstance(one, dict) and _text(one.get("name"))]
    if not named:
        return "Expected an asset change whose asset or priorAsset has a name."
    if record.get("deleted") not in (None, True, False):
        return "Expected 'deleted' to be true or false."
    if not record.get("deleted"):
        if not isinstance(asset, dict):
            return "Expected an asset change with the asset, or one that says it was deleted."
        if fault := _asset_fault(asset):
            return fault
    window = record.get("window")
    start = window.get("startTime", window.get("start_time")) if isinstance(window, dict) else None
    return None if _moment(start) else "Expected an asset change with a time as window.startTime."


def _moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value.strip()).tzinfo is not None
    except ValueError:
        return False


def _asset_fault(record: dict[str, Any]) -> str | None:
    for one, other in (("name", "name"), ("assetType", "asset_type")):
        if not _text(record.get(one, record.get(other))):
            return f"Expected an asset with a text {one!r}; it is missing, empty or not text."
    ancestors = record.get("ancestors")
    if ancestors is not None and not (
        isinstance(ancestors, list) and all(isinstance(a, str) for a in ancestors)
    ):
        return "Expected 'ancestors' to be a list of texts."
    for key in ("resource", "iamPolicy", "iam_policy"):
        if record.get(key) is not None and not isinstance(record[key], dict):
            return f"Expected {key!r} to be an object, found {type(record[key]).__name__}."
    for key in ("updateTime", "update_time", "ancestry_path"):
        if record.get(key) is not None and not isinstance(record[key], str):
            return f"Expected {key!r} to be text, found {type(record[key]).__name__}."
    return None


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_ndjson(content: mmap.mmap) -> bool:
    """One value per line: one of the first lines is a whole record by itself."""
    content.seek(0)
    for _ in range(PEEK_LINES):
        line = content.readline()
        if not line:
            break
        raw = line.strip(_BLANK)
        if raw.startswith(b"{") and fault_of(raw) is None:
            return True
    return False


def _lines(content: mmap.mmap) -> Iterator[Record | Fault]:
    content.seek(0)
    number = 0
    while line := content.readline():
        number += 1
        raw = line.strip(_BLANK)
        if not raw.strip(_PADDING):  # blank, or a bracket of an array with one record a line
            continue
        reason = fault_of(raw)
        if reason is None:
            yield Record(number, raw)
        elif reason.startswith(INVALID) and (inner := list(_values(raw, number))) and _some_record(inner):
            yield from inner  # records that lost the line break between them, or one of an array with its comma
        else:
            yield Fault(number, raw, reason)


def _some_record(found: list[Record | Fault]) -> bool:
    return any(isinstance(one, Record) for one in found)


def _values(content: mmap.mmap | bytes, line: int) -> Iterator[Record | Fault]:
    """Objects of an array or of concatenated values, cut out by their brackets; the first byte is on `line`."""
    done = 0  # everything before is accounted for
    while (span := _next_span(content, done)) is not None:
        start, end = span
        yield from _stray(content[done:start], line)
        line += content[done:start].count(b"\n")
        raw = content[start : len(content) if end is None else end]
        reason = fault_of(raw) if end is not None else CUT_OFF
        done = start + len(raw)
        if reason is not None and reason.startswith((INVALID, CUT_OFF)):
            swallowed = _next_record(content, start + 1, done)
            done = done if swallowed is None else swallowed
        if reason is None:
            yield Record(line, raw)
        else:
            yield Fault(line, content[start:done].rstrip(_BLANK), reason)
        line += content[start:done].count(b"\n")
    yield from _stray(content[done:], line)


def _next_span(content: mmap.mmap | bytes, done: int) -> tuple[int, int | None] | None:
    """The next object. Behind rubbish, brackets may be out of step: a whole record in it comes first."""
    span = _next_object(content, done)
    upto = len(content) if span is None else span[0]
    if content[done:upto].strip(_PADDING):
        hidden = _next_record(content, done, upto)
        if hidden is not None:
            return _next_object(content, hidden)
    return span


def _next_object(content: mmap.mmap | bytes, at: int) -> tuple[int, int | None] | None:
    """Start and end of the next object; the end is None when it never closes."""
    depth, start = 0, 0
    for token in _TOKEN.finditer(content, at):
        mark = content[token.start() : token.start() + 1]
        if mark == b"{":
            if depth == 0:
                start = token.start()
            depth += 1
        elif mark == b"}" and depth > 0:
            depth -= 1
            if depth == 0:
                return start, token.end()
    return (start, None) if depth > 0 else None


def _next_record(content: mmap.mmap | bytes, at: int, before: int) -> int | None:
    """Where the next whole record starts inside broken bytes, if one does."""
    for candidate in _START.finditer(content, at, before):
        span = _next_object(content, candidate.start())
        if span is not None and span[1] is not None and fault_of(content[span[0] : span[1]]) is None:
            return candidate.start()
    return None


def _stray(between: bytes, line: int) -> Iterator[Fault]:
    """What stands between two objects besides commas, brackets and white space."""
    left = between.lstrip(_PADDING)
    if left:
        line += between[: len(between) - len(left)].count(b"\n")
        yield Fault(line, left.rstrip(_PADDING), STRAY)
