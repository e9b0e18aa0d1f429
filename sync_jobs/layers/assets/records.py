"""Finds the records in an export file, one by one, whatever its shape and whatever is broken in it.

The bulk path never comes here: DuckDB reads a clean file in one go. This is for files it refuses. Every byte ends up in
a record or in a fault, so nothing is lost.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

# A string as a whole (so that brackets in it do not count), or one bracket. An open string runs to the end.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\]]', re.DOTALL)
_BETWEEN = re.compile(rb"[\s,\[\]\x1e]*")
LARGEST_RECORD = 256 * 1024 * 1024


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
        yield from _lines(content) if _is_ndjson(content) else _values(content)


def fault_of(raw: bytes) -> str | None:
    """Why these bytes are no asset and no asset change; None when they are one."""
    if len(raw) > LARGEST_RECORD:
        return f"The record has {len(raw)} bytes; at most {LARGEST_RECORD} are taken in."
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return f"Not valid JSON: {error}."
    if not isinstance(record, dict):
        return f"Expected a JSON object, found {type(record).__name__}."
    if "asset" in record or "priorAsset" in record or "prior_asset" in record:
        return _change_fault(record)
    return _asset_fault(record)


def _change_fault(record: dict[str, Any]) -> str | None:
    assets = [record.get(key) for key in ("asset", "priorAsset", "prior_asset")]
    if not any(isinstance(asset, dict) and _text(asset.get("name")) for asset in assets):
        return "Expected an asset change whose asset or priorAsset has a name."
    window = record.get("window")
    start = window.get("startTime", window.get("start_time")) if isinstance(window, dict) else None
    return None if _text(start) else "Expected an asset change with window.startTime."


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
    """One value per line, judged by the first line that is not blank; `[` opens an array unless it closes there."""
    content.seek(0)
    while line := content.readline():
        text = line.strip(b"\xef\xbb\xbf \t\r\n\x1e")
        if not text:
            continue
        if text.startswith(b"["):
            return False
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError:
            # Broken, or the first line of a pretty-printed value? The next line tells.
            following = content.readline().strip()
            return not text.startswith(b"{") or following.startswith(b"{") or text != b"{" and not following
        return True
    return True


def _lines(content: mmap.mmap) -> Iterator[Record | Fault]:
    content.seek(0)
    number = 0
    while line := content.readline():
        number += 1
        raw = line.strip(b"\xef\xbb\xbf \t\r\n\x1e")
        if not raw:
            continue
        reason = fault_of(raw)
        yield Record(number, raw) if reason is None else Fault(number, raw, reason)


def _values(content: mmap.mmap) -> Iterator[Record | Fault]:
    """Objects of an array or of concatenated values, cut out by their brackets."""
    depth, start, done, line = 0, 0, 0, 1
    counted = 0
    for token in _TOKEN.finditer(content):
        mark = content[token.start() : token.start() + 1]
        if mark == b"{":
            if depth == 0:
                start = token.start()
            depth += 1
        elif mark == b"}" and depth > 0:
            depth -= 1
            if depth == 0:
                line += content[counted:start].count(b"\n")
                counted = start
                yield from _stray(content[done:start], line)
                raw = content[start : token.end()]
                reason = fault_of(raw)
                yield Record(line, raw) if reason is None else Fault(line, raw, reason)
                done = token.end()
    line += content[counted:done].count(b"\n")
    rest = content[done:]
    if depth > 0:
        yield Fault(line, rest.strip(), "The file ends inside a record: it was cut off.")
    else:
        yield from _stray(rest, line)


def _stray(between: bytes, line: int) -> Iterator[Fault]:
    """What stands between two objects besides commas, brackets and white space."""
    match = _BETWEEN.match(between)
    if match is not None and match.end() < len(between.rstrip(b" \t\r\n,[]\xef\xbb\xbf")):
        yield Fault(
            line, between.strip(), "Expected a JSON object between its neighbours, found something else."
        )
