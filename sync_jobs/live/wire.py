"""The wire format of /ws/sync-events, version 1: JSON texts with `v` and `kind`. See docs/websocket.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from sync_jobs.layers.events.message import SEVERITIES
from sync_jobs.store.state import MICROSECONDS

VERSION = 1
SUBPROTOCOL = "lz.events.v1"
BEARER = "bearer."
COLUMNS = (
    "event_id", "seq", "event_time", "received_at", "event_type", "severity", "project_id", "asset_name", "asset_type",
    "actor", "summary", "source", "before", "after", "raw",
)  # fmt: skip
_TIMES, _JSON = {"event_time", "received_at"}, {"before", "after", "raw"}
_PARAMETERS = {"type", "severity", "project", "last_event_id", "include"}
MOST_VALUES, LONGEST_VALUE = 50, 200

# Why a connection is closed.
WRONG_CALL, NOT_ALLOWED, TOO_SLOW, TOO_MANY, GOING_AWAY = 4400, 4401, 4408, 4429, 1001


class WrongCall(ValueError):
    """A parameter that does not fit. The text goes to the caller."""


@dataclass(frozen=True)
class Wanted:
    """What a client asked for. Empty sets: everything."""

    types: frozenset[str] = field(default_factory=frozenset)
    severities: frozenset[str] = field(default_factory=frozenset)
    projects: frozenset[str] = field(default_factory=frozenset)
    last_event_id: str | None = None
    raw: bool = False

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether this event is among what was asked for."""
        return (
            (not self.types or row["event_type"] in self.types)
            and (not self.severities or row["severity"] in self.severities)
            and (not self.projects or row["project_id"] in self.projects)
        )


def wanted(given: Sequence[tuple[str, str]]) -> Wanted:
    """The parameters of the address. Raises WrongCall."""
    values: dict[str, list[str]] = {}
    for name, value in given:
        if name not in _PARAMETERS:
            raise WrongCall(
                f"There is no parameter {name[:40]!r}; there are {', '.join(sorted(_PARAMETERS))}."
            )
        if not value or len(value) > LONGEST_VALUE:
            raise WrongCall(f"{name} is empty or too long.")
        values.setdefault(name, []).append(value)
        if len(values[name]) > MOST_VALUES:
            raise WrongCall(f"{name} is given more than {MOST_VALUES} times.")
    odd = [one for one in values.get("severity", []) if one not in SEVERITIES]
    if odd:
        raise WrongCall(f"severity {odd[0]!r}: expected {', '.join(SEVERITIES)}.")
    include = values.get("include", [])
    if set(include) - {"raw"}:
        raise WrongCall("include: only raw can be included.")
    last = values.get("last_event_id", [])
    if len(last) > 1:
        raise WrongCall("last_event_id is given twice.")
    return Wanted(
        frozenset(values.get("type", [])),
        frozenset(values.get("severity", [])),
        frozenset(values.get("project", [])),
        last[0] if last else None,
        bool(include),
    )


def event(row: Mapping[str, Any], raw: bool) -> str:
    """An event; times in UTC, JSON columns as JSON."""
    told: dict[str, Any] = {}
    for name in COLUMNS:
        value = row[name]
        if name == "raw" and not raw:
            continue
        if name in _TIMES:
            value = stamp(datetime.fromtimestamp(value / MICROSECONDS, UTC))
        elif name in _JSON and value is not None:
            value = orjson.Fragment(value)
        told[name] = value
    return message("event", event=told)


def message(kind: str, **more: Any) -> str:
    """A message of this kind."""
    return orjson.dumps({"v": VERSION, "kind": kind, **more}).decode()


def stamp(at: datetime) -> str:
    """A time as the wire has it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
