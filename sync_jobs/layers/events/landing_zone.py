"""The landing zone's own events, and the operators' test message."""

from __future__ import annotations

import orjson

from sync_jobs.layers.events.message import SEVERITIES, Event, Json, Message, NotUnderstood, parsed_time
from sync_jobs.layers.events.names import clip, project_of, short, words

TYPES = {
    "resource.created": "info",
    "resource.updated": "info",
    "resource.deleted": "low",
    "policy.violation": "high",
    "compliance.drift": "medium",
    "cost.anomaly": "medium",
}


def matches(body: Json) -> bool:
    """Whether this is an event of the landing zone itself."""
    return "event_type" in body or "eventType" in body


def read(body: Json, message: Message) -> Event:
    """The event as the landing zone tells it. `resource_created` is `resource.created`."""
    told = body.get("event_type", body.get("eventType"))
    kind = str(told).replace("_", ".", 1).strip().lower()
    if kind not in TYPES:
        raise NotUnderstood(f"Unknown event_type {told!r:.60}; expected one of {', '.join(TYPES)}.")
    at = body.get("timestamp") or body.get("event_time")
    moment = parsed_time(at) if at else message.published
    if moment is None:
        raise NotUnderstood("The event tells no time: expected `timestamp`.")
    resource = body.get("resource")
    detail: Json = resource if isinstance(resource, dict) else {}
    name = resource if isinstance(resource, str) else detail.get("name") or detail.get("id")
    asset_type = detail.get("type") or detail.get("asset_type") or body.get("asset_type")
    severity = str(body.get("severity") or "").lower()
    before, after = body.get("before"), body.get("after")
    return Event(
        key=orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode() + ("" if at else message.id),
        event_time=moment,
        event_type=kind,
        severity=severity if severity in SEVERITIES else TYPES[kind],
        summary=_summary(body, kind, name, asset_type),
        source="landing_zone",
        raw=body,
        project_id=body.get("project_id") or body.get("project") or detail.get("project") or project_of(name),
        asset_name=name if isinstance(name, str) else None,
        asset_type=asset_type,
        actor=body.get("actor") or body.get("user") or None,
        before=before if isinstance(before, dict) else None,
        after=after if isinstance(after, dict) else None,
    )


def _summary(body: Json, kind: str, name: object, asset_type: object) -> str:
    told = body.get("summary") or body.get("message") or body.get("description")
    if isinstance(told, str) and told.strip():
        return clip(told)
    what = short(name) if isinstance(name, str) else "a resource"
    if kind.startswith("resource."):
        return clip(f"{words(str(asset_type or '')).capitalize()} {what} was {kind.partition('.')[2]}.")
    return clip(f"{kind.replace('.', ' ').capitalize()} on {what}.")


def is_test(body: Json) -> bool:
    """Whether this is what the operators' guide tells people to publish: {"test": "message"}."""
    return "test" in body and len(body) <= 3


def read_test(body: Json, message: Message, now: object = None) -> Event:
    """A test message. Published twice it is two events; delivered twice it is one."""
    if message.published is None:
        raise NotUnderstood("The test message came without the time it was published.")
    return Event(
        key=orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode() + message.id,
        event_time=message.published,
        event_type="test",
        severity="info",
        summary=clip(f"Test message: {body.get('test')}"),
        source="test",
        raw=body,
    )
