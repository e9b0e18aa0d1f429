"""Cloud Asset Inventory feeds: TemporalAsset, camelCase or snake_case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sync_jobs.layers.events.message import Event, Json, Message, NotUnderstood, parsed_time
from sync_jobs.layers.events.names import clip, project_of, short, words

EVERYBODY = {"allUsers", "allAuthenticatedUsers"}
_CONTENT = (
    ("resource", "resource"),
    ("iam_policy", "iamPolicy"),
    ("org_policy", "orgPolicy"),
    ("access_policy", "accessPolicy"),
)
_HEAVY = {
    "cloudresourcemanager.googleapis.com/Project",
    "cloudresourcemanager.googleapis.com/Folder",
    "container.googleapis.com/Cluster",
    "compute.googleapis.com/Network",
    "cloudkms.googleapis.com/CryptoKey",
    "sqladmin.googleapis.com/Instance",
}
_ABSENT = {"DOES_NOT_EXIST", "DELETED"}


def matches(body: Json) -> bool:
    """Whether this looks like a feed message."""
    asset = body.get("asset") or body.get("priorAsset") or body.get("prior_asset")
    return isinstance(asset, dict) and ("name" in asset or "window" in body or "assetType" in asset)


def read(body: Json, message: Message) -> Event:
    """The event of a feed message. A deletion may come without `asset`, or with its name only."""
    asset = _object(body, "asset")
    prior = _object(body, "priorAsset", "prior_asset")
    named = asset or prior
    name, asset_type = (
        _of(named, "name"),
        _of(named, "assetType", "asset_type") or _of(prior, "assetType", "asset_type"),
    )
    if not name or not asset_type:
        raise NotUnderstood("The feed message names no asset: expected `asset.name` and `asset.assetType`.")
    state = body.get("priorAssetState", body.get("prior_asset_state"))
    before, after = _content(prior), _content(asset)
    deleted = body.get("deleted") is True or (not asset and bool(prior))
    kind = "deleted" if deleted else "created" if state in _ABSENT else "updated"
    moment = _moment(body, asset, message)
    place = named.get("ancestors") or []
    data = (asset.get("resource") or prior.get("resource") or {}).get("data") or {}
    changed = [
        key for key, _ in _CONTENT if kind == "updated" and (before or {}).get(key) != (after or {}).get(key)
    ]
    return Event(
        key="\n".join([name, moment.isoformat(), kind, *sorted(after or before or {})]),
        event_time=moment,
        event_type=f"resource.{kind}",
        severity=_severity(kind, asset_type, before, after),
        summary=_summary(kind, name, asset_type, changed),
        source="feed",
        raw=body,
        project_id=data.get("projectId") or project_of(name, ancestors=place),
        asset_name=name,
        asset_type=asset_type,
        before=before,
        after=None if deleted else after,
    )


def _object(body: Json, *keys: str) -> Json:
    for key in keys:
        value = body.get(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            raise NotUnderstood(f"`{key}` of the feed message is not an object.")
    return {}


def _of(asset: Json, *keys: str) -> str:
    return next((str(asset[key]) for key in keys if asset.get(key)), "")


def _content(asset: Json) -> Json | None:
    found = {key: asset.get(camel, asset.get(key)) for key, camel in _CONTENT}
    return {key: value for key, value in found.items() if value} or None


def _moment(body: Json, asset: Json, message: Message) -> datetime:
    window = body.get("window")
    start = (window.get("startTime") or window.get("start_time")) if isinstance(window, dict) else None
    told = start or asset.get("updateTime") or asset.get("update_time")
    if told:
        return parsed_time(told)
    if message.published:
        return message.published
    raise NotUnderstood("The feed message tells no time: expected `window.startTime` or `asset.updateTime`.")


def _severity(kind: str, asset_type: str, before: Json | None, after: Json | None) -> str:
    if kind != "deleted" and _public(after) and not _public(before):
        return "high"
    if kind == "deleted":
        return "medium" if asset_type in _HEAVY else "low"
    if kind == "updated" and (after or {}).get("iam_policy") != (before or {}).get("iam_policy"):
        return "low"
    return "info"


def _public(content: Json | None) -> bool:
    """Whether everybody is let in: by IAM, or by a firewall rule open to the internet."""
    if not content:
        return False
    bindings: Any = (content.get("iam_policy") or {}).get("bindings") or []
    if any(EVERYBODY & set(one.get("members") or []) for one in bindings if isinstance(one, dict)):
        return True
    data = (content.get("resource") or {}).get("data") or {}
    open_range = "0.0.0.0/0" in (data.get("sourceRanges") or [])
    return open_range and data.get("direction", "INGRESS") == "INGRESS" and not data.get("disabled")


def _summary(kind: str, name: str, asset_type: str, changed: list[str]) -> str:
    what = f"{words(asset_type).capitalize()} {short(name)} was {kind}"
    if changed:
        what += f": {', '.join(key.replace('_', ' ') for key in changed)}"
    return clip(what + ".")
