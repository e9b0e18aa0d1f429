"""A message as it comes off the topic, and what it becomes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from app.errors import Permanent

Json = dict[str, Any]

SOURCES = ("feed", "audit_log", "scc", "landing_zone", "eventarc", "test", "rules")
SEVERITIES = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True)
class Message:
    """One Pub/Sub message. `id` is the server's and stays the same when it is delivered again."""

    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    published: datetime | None = None


class NotUnderstood(Permanent):
    """A message that fits no format. The message says what is wrong and what was expected."""


@dataclass(frozen=True)
class Event:
    """A row of `events` without `seq` and `received_at`. `key` is what makes it the same event again."""

    key: str
    event_time: datetime
    event_type: str
    severity: str
    summary: str
    source: str
    raw: Any
    project_id: str | None = None
    asset_name: str | None = None
    asset_type: str | None = None
    actor: str | None = None
    before: Json | None = None
    after: Json | None = None

    def __post_init__(self) -> None:
        """Columns of text hold text: whoever sends a number or an object there is told so."""
        for name in ("event_type", "severity", "summary", "project_id", "asset_name", "asset_type", "actor"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise NotUnderstood(f"Expected text as {name}, found {value!r:.60}.")

    def row(self, received_at: datetime) -> dict[str, object]:
        """For the table `events`, without `seq`. Raises TypeError on JSON nested too deep."""
        return {
            "event_id": sha256(f"{self.source}\n{self.key}".encode()).hexdigest()[:32],
            "event_time": self.event_time,
            "received_at": received_at,
            "event_type": self.event_type,
            "severity": self.severity,
            "project_id": self.project_id,
            "asset_name": self.asset_name,
            "asset_type": self.asset_type,
            "actor": self.actor,
            "summary": self.summary,
            "source": self.source,
            "before": _text(self.before),
            "after": _text(self.after),
            "raw": _text(self.raw),
        }


def _text(value: object) -> str | None:
    """JSON text. Raises TypeError where it nests deeper than JSON text can be written."""
    return None if value is None else orjson.dumps(value).decode()


@dataclass(frozen=True)
class DeadLetter:
    """A message that was not understood, with its reason."""

    message: Message
    reason: str

    def row(self, received_at: datetime, source: str, run_id: str) -> dict[str, object]:
        """For the table `dead_letters`. The same bytes from the same subscription are one row."""
        digest = sha256(source.encode() + b"\n" + self.message.data).hexdigest()[:32]
        return {
            "dead_letter_id": f"events-{digest}",
            "received_at": received_at,
            "layer": "events",
            "run_id": run_id,
            "source": source,
            "position": self.message.id or None,
            "reason": self.reason,
            "size_bytes": len(self.message.data),
            "raw": self.message.data,
            "raw_file": None,
            "status": "open",
        }


def from_wire(wire: Mapping[str, Any]) -> Message:
    """A message in the JSON that push envelopes and `gcloud pubsub subscriptions pull` use.

    Raises NotUnderstood when it is not that.
    """
    data = wire.get("data", "")
    attributes = wire.get("attributes") or {}
    if not isinstance(data, str) or not isinstance(attributes, dict):
        raise NotUnderstood("The message envelope has no base64 `data` and object `attributes`.")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotUnderstood(f"`data` of the message envelope is not base64: {error}.") from None
    named = {str(key): str(value) for key, value in attributes.items()}
    published = wire.get("publishTime") or wire.get("publish_time")
    identity = str(wire.get("messageId") or wire.get("message_id") or "")
    return Message(content, named, identity, parsed_time(published) if published else None)


def to_wire(message: Message) -> Json:
    """The reverse of `from_wire`."""
    wire: Json = {
        "data": base64.b64encode(message.data).decode(),
        "attributes": dict(message.attributes),
        "messageId": message.id,
    }
    if message.published:
        wire["publishTime"] = message.published.isoformat().replace("+00:00", "Z")
    return wire


def parsed_time(text: object) -> datetime:
    """An RFC 3339 time with a zone, nanoseconds cut to microseconds. Raises NotUnderstood."""
    if not isinstance(text, str):
        raise NotUnderstood(f"Expected a time such as 2026-01-31T12:00:00Z, found {text!r:.60}.")
    head, dot, rest = text.partition(".")
    if dot:
        digits = len(rest) - len(rest.lstrip("0123456789"))
        head += "." + rest[:digits][:6].ljust(6, "0")
        head += rest[digits:]
    try:
        moment = datetime.fromisoformat(head.replace("z", "Z"))
    except ValueError:
        raise NotUnderstood(f"Expected a time such as 2026-01-31T12:00:00Z, found {text!r:.60}.") from None
    if moment.tzinfo is None:
        raise NotUnderstood(f"The time {text!r:.60} has no zone; expected one such as 2026-01-31T12:00:00Z.")
    return moment
