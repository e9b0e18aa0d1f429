"""Where events come from: a subscription, files given by hand, or the sample's stream."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from app.errors import Permanent
from sync_jobs.layers.events.message import Message, NotUnderstood, from_wire


@dataclass(frozen=True)
class Batch:
    """Messages of one poll. `acknowledge` is called once they are stored; `info` is stored with them."""

    source: str
    messages: Sequence[Message]
    acknowledge: Callable[[], None] = lambda: None
    info: dict[str, str] = field(default_factory=dict)


def from_files(paths: Sequence[Path]) -> Batch:
    """Messages from files, one per line: as `gcloud pubsub subscriptions pull` has them, or bodies."""
    messages: list[Message] = []
    for path in paths:
        try:
            messages += _lines(path)
        except OSError as error:
            raise Permanent(
                f"{path} cannot be read: {error.strerror or error}.", "Check the path."
            ) from error
    return Batch(", ".join(str(path) for path in paths), messages)


def _lines(path: Path) -> Iterator[Message]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as file:
        for line in file:
            stripped = line.strip()
            if stripped:
                yield _line(stripped)


def _line(line: bytes) -> Message:
    """A wire message where the line is one; else the line itself is the body, and its reader judges it."""
    try:
        body = orjson.loads(line)
        if isinstance(body, dict) and isinstance(body.get("message"), dict) and "ackId" in body:
            body = body["message"]
        if isinstance(body, dict) and "data" in body and ("messageId" in body or "message_id" in body):
            return from_wire(body)
    except (orjson.JSONDecodeError, NotUnderstood):
        pass
    return Message(line)
