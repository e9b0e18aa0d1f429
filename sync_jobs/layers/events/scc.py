"""Security Command Center notifications, API v1 and v2."""

from __future__ import annotations

from sync_jobs.layers.events.message import SEVERITIES, Event, Json, Message, NotUnderstood, parsed_time
from sync_jobs.layers.events.names import clip, project_of, short


def matches(body: Json) -> bool:
    """Whether this is a notification with a finding."""
    return isinstance(body.get("finding"), dict)


def read(body: Json, message: Message) -> Event:
    """The event of a finding. One that became inactive is `policy.resolved`."""
    finding: Json = body["finding"]
    name = finding.get("canonicalName") or finding.get("name")
    if not name:
        raise NotUnderstood("The finding has no name: expected `finding.name`.")
    told = finding.get("eventTime") or finding.get("createTime")
    if not told and message.published is None:
        raise NotUnderstood("The finding tells no time: expected `finding.eventTime`.")
    moment = parsed_time(told) if told else message.published
    assert moment is not None  # noqa: S101  for the type checker: one of the two is there
    resource = body.get("resource") if isinstance(body.get("resource"), dict) else {}
    asset = finding.get("resourceName") or (resource or {}).get("name")
    state = finding.get("state") or "ACTIVE"
    severity = str(finding.get("severity") or "").lower()
    category = str(finding.get("category") or "finding").replace("_", " ").lower()
    ended = state == "INACTIVE"
    return Event(
        key=f"{name}\n{moment.isoformat()}\n{state}\n{finding.get('mute')}",
        event_time=moment,
        event_type="policy.resolved" if ended else "policy.violation",
        severity="info" if ended else severity if severity in SEVERITIES else "medium",
        summary=clip(f"Finding {'ended' if ended else 'open'}: {category} on {short(asset)}."),
        source="scc",
        raw=body,
        project_id=_project(resource or {}, asset),
        asset_name=asset,
        asset_type=(resource or {}).get("type") or None,
        after={"finding": finding},
    )


def _project(resource: Json, asset: object) -> str | None:
    return project_of(
        asset,
        resource.get("projectDisplayName") and f"projects/{resource['projectDisplayName']}",
        resource.get("project"),
    )
