"""A message to a row of `events`, or a dead letter with its reason. Pure: no clock, no store, no network."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import orjson

from sync_jobs.layers.events import audit, feed, landing_zone, scc
from sync_jobs.layers.events.message import (
    DeadLetter,
    Event,
    Json,
    Message,
    NotUnderstood,
    from_wire,
    parsed_time,
)
from sync_jobs.layers.events.names import clip, project_of

AUDIT_TYPE = "google.cloud.audit.log.v1.written"
PUBSUB_TYPE = "google.cloud.pubsub.topic.v1.messagePublished"
_MAX_DEPTH = 4  # an envelope in an envelope in a CloudEvent: deeper is not seen in practice
_EXPECTED = (
    "expected a Cloud Asset feed message, an audit log entry, a security finding, a CloudEvent, "
    'an event of the landing zone (`event_type`) or {"test": ...}'
)


def normalise(message: Message) -> Event | DeadLetter:
    """The event of a message in any of the known formats; never raises on what a message may hold."""
    try:
        return _read(message, 0)
    except NotUnderstood as reason:
        return DeadLetter(message, reason.message)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # A field of a type that its format does not allow. The bytes are kept, so nothing is lost.
        return DeadLetter(
            message, f"A field is not of the type its format says ({type(error).__name__}: {error})."
        )


def _read(message: Message, depth: int) -> Event:
    if depth > _MAX_DEPTH:
        raise NotUnderstood(f"Envelopes are nested deeper than {_MAX_DEPTH}.")
    body = _body(message)
    if str(message.attributes.get("ce-type") or message.attributes.get("ce_type") or ""):
        return _cloud_event(_from_attributes(message, body), message, depth)
    if "specversion" in body and "type" in body:
        return _cloud_event(body, message, depth)
    if isinstance(body.get("message"), dict) and ("subscription" in body or "data" in body["message"]):
        return _read(_inner(body["message"], message), depth + 1)
    for form in (feed, audit, scc, landing_zone):
        if form.matches(body):
            read: Callable[[Json, Message], Event] = form.read
            return read(body, message)
    if landing_zone.is_test(body):
        return landing_zone.read_test(body, message)
    keys = ", ".join(sorted(str(key) for key in body)[:8]) or "none"
    raise NotUnderstood(clip(f"The format is not known (keys: {keys}); {_EXPECTED}.", 400))


def _body(message: Message) -> Json:
    if not message.data:
        raise NotUnderstood(f"The message is empty; {_EXPECTED}.")
    try:
        body = orjson.loads(message.data)
    except orjson.JSONDecodeError as error:
        raise NotUnderstood(f"The message is not JSON in UTF-8 ({error}); {_EXPECTED}.") from None
    if not isinstance(body, dict):
        raise NotUnderstood(f"The message is a JSON {type(body).__name__}; {_EXPECTED}.")
    return body


def _inner(wire: Json, outer: Message) -> Message:
    inner = from_wire(wire)
    return dataclasses.replace(inner, id=inner.id or outer.id, published=inner.published or outer.published)


def _from_attributes(message: Message, data: Any) -> Json:
    """A CloudEvent in binary mode: its attributes are the message's, prefixed ce-."""
    found = {
        key.replace("_", "-").removeprefix("ce-"): value
        for key, value in message.attributes.items()
        if key.startswith(("ce-", "ce_"))
    }
    return {**found, "data": data}


def _cloud_event(event: Json, message: Message, depth: int) -> Event:
    """A CloudEvent by its type; what is inside decides, and its source stays visible as eventarc."""
    kind, data = str(event.get("type")), event.get("data")
    if isinstance(data, str):
        data = orjson.loads(data)
    if not isinstance(data, dict):
        raise NotUnderstood(f"The CloudEvent of type {kind:.80} has no object as `data`.")
    if kind == PUBSUB_TYPE:
        if not isinstance(data.get("message"), dict):
            raise NotUnderstood("The CloudEvent of a published message has no `data.message`.")
        return _read(_inner(data["message"], message), depth + 1)
    if kind == AUDIT_TYPE and audit.matches(data):
        # Keyed by the log entry, not by the delivery: the same entry through a sink is the same thing twice,
        # but told by another source.
        return dataclasses.replace(audit.read(data, message, source="eventarc"), raw=event)
    return _other_cloud_event(event, kind, data, message)


def _other_cloud_event(event: Json, kind: str, data: Json, message: Message) -> Event:
    identity, source = event.get("id"), event.get("source")
    if not identity or not source:
        raise NotUnderstood("The CloudEvent has no `id` and `source`.")
    told = event.get("time")
    moment = parsed_time(told) if told else message.published
    if moment is None:
        raise NotUnderstood("The CloudEvent tells no time: expected `time`.")
    subject = event.get("subject")
    return Event(
        key=f"{source}\n{identity}",
        event_time=moment,
        event_type=kind,
        severity="info",
        summary=clip(f"{kind} from {subject or source}."),
        source="eventarc",
        raw=event,
        project_id=project_of(source, subject),
        asset_name=source if str(source).startswith("//") else None,
        after={"data": data},
    )
