"""Cloud Audit Logs: LogEntry objects that a log sink sends."""

from __future__ import annotations

import re

from sync_jobs.layers.events.message import Event, Json, Message, NotUnderstood, parsed_time
from sync_jobs.layers.events.names import clip, full_name, project_of, short

_VERBS = (
    ("deleted", re.compile(r"(?i)(^|\.)(delete|remove|destroy)")),
    ("created", re.compile(r"(?i)(^|\.)(insert|create|add)")),
    ("read", re.compile(r"(?i)(^|\.)(get|list|search|aggregatedlist|query|testiampermissions|read)")),
)
_DENIED = {7, 16}


def matches(body: Json) -> bool:
    """Whether this is a LogEntry with an audit log in it."""
    payload = body.get("protoPayload", body.get("proto_payload"))
    return isinstance(payload, dict) and ("logName" in body or "log_name" in body or "methodName" in payload)


def read(body: Json, message: Message, source: str = "audit_log") -> Event:
    """The event of an audit log entry."""
    payload: Json = body.get("protoPayload") or body["proto_payload"]
    method = payload.get("methodName") or payload.get("method_name")
    if not isinstance(method, str) or not method:
        raise NotUnderstood("The audit log entry names no method: expected `protoPayload.methodName`.")
    service = str(payload.get("serviceName") or payload.get("service_name") or "")
    resource = str(payload.get("resourceName") or payload.get("resource_name") or "")
    told = body.get("timestamp") or body.get("receiveTimestamp")
    if not told and message.published is None:
        raise NotUnderstood("The audit log entry tells no time: expected `timestamp`.")
    moment = parsed_time(told) if told else message.published
    assert moment is not None  # noqa: S101  for the type checker: one of the two is there
    who = payload.get("authenticationInfo") or payload.get("authentication_info") or {}
    actor = who.get("principalEmail") or who.get("principal_email") or None
    labels = (body.get("resource") or {}).get("labels") or {}
    failed = int((payload.get("status") or {}).get("code") or 0)
    verb = _verb(method)
    identity = body.get("insertId") or body.get("insert_id") or message.id
    operation = body.get("operation") or {}
    return Event(
        key="\n".join(str(part) for part in (body.get("logName"), moment.isoformat(), identity)),
        event_time=moment,
        event_type=_event_type(verb, failed),
        severity=_severity(method, verb, failed),
        summary=_summary(
            actor, method, resource, failed, bool(operation) and not operation.get("last", True)
        ),
        source=source,
        raw=body,
        project_id=labels.get("project_id") or project_of(resource, body.get("logName")),
        asset_name=full_name(service, resource) if service and resource else None,
        actor=actor,
        after=_after(payload),
    )


def _verb(method: str) -> str:
    last = method.rpartition(".")[2]
    for verb, pattern in _VERBS:
        if pattern.search(last):
            return verb
    return "updated"


def _event_type(verb: str, failed: int) -> str:
    if failed:
        return "audit.denied" if failed in _DENIED else "audit.failed"
    return "audit.read" if verb == "read" else f"resource.{verb}"


def _severity(method: str, verb: str, failed: int) -> str:
    if failed:
        return "medium" if failed in _DENIED else "info"
    if "setiampolicy" in method.lower() or "serviceaccountkey" in method.lower():
        return "medium"
    return "low" if verb == "deleted" else "info"


def _summary(actor: str | None, method: str, resource: str, failed: int, under_way: bool) -> str:
    did = (
        "was refused"
        if failed in _DENIED
        else "failed at"
        if failed
        else "started"
        if under_way
        else "called"
    )
    on = f" on {short(resource)}" if resource else ""
    return clip(f"{actor or 'Somebody'} {did} {method}{on}.")


def _after(payload: Json) -> Json | None:
    """The policy that was set, where the entry tells: the one content change audit logs carry whole."""
    policy = (
        (payload.get("request") or {}).get("policy") if isinstance(payload.get("request"), dict) else None
    )
    return {"iam_policy": policy} if isinstance(policy, dict) else None
