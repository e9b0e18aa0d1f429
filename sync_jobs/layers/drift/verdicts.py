"""What is said of each declared resource. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from sync_jobs.layers.drift.compare import Verdict, compare
from sync_jobs.layers.drift.match import Match

Row = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What the look at the assets covered: types and projects of which anything was seen, and what was missed."""

    types: frozenset[str]
    projects: frozenset[str]
    gap: str | None


def excluded(row: Row) -> bool:
    """Resources of other providers (random names, pauses, local files) are nothing in the cloud."""
    return row["resource_type"] != "module" and not row["resource_type"].startswith("google_")


def row_of(declared: Row, found: Match) -> Row:
    """Of a resource whose asset is there."""
    attributes = declared["attributes"]
    verdict = compare(
        declared["resource_type"],
        orjson.loads(attributes) if isinstance(attributes, str | bytes) else attributes or {},
        _list(declared["unknown"]),
        found.data,
        found.bindings,
    )
    return _row(declared, verdict) | {
        "asset_name": found.name,
        "project_id": found.project_id or declared["project_id"],
    }


def without_asset(declared: Row, seen: Seen) -> Row:
    """Of a resource for which no asset was found."""
    return _row(declared, _absent(declared, seen))


def _absent(declared: Row, seen: Seen) -> Verdict:
    reasons = _list(declared["reasons"])
    if declared["match_key"] is None:
        return Verdict("unknown", reason="; ".join(reasons[:3]) or "The text does not say which asset it is.")
    type_, project = declared["asset_type"], declared["project_id"]
    if seen.gap:
        return Verdict("unknown", reason=f"It was not found, and {seen.gap[0].lower()}{seen.gap[1:]}")
    if type_ not in seen.types:
        return Verdict(
            "unknown", reason=f"No asset of type {type_} was seen at all: the export may not cover it."
        )
    if project and project not in seen.projects and not type_.endswith("/Project"):
        return Verdict(
            "unknown", reason=f"Nothing of project {project} was seen: the export may not cover it."
        )
    return Verdict("missing")


def _row(declared: Row, verdict: Verdict) -> Row:
    differences = [
        {"attribute": one.attribute, "declared": one.declared, "actual": one.actual}
        for one in verdict.differences
    ]
    return {
        "drift_id": declared["address"],
        "status": verdict.status,
        "address": declared["address"],
        "resource_type": declared["resource_type"],
        "asset_name": declared["asset_name"],
        "asset_type": declared["asset_type"],
        "project_id": declared["project_id"],
        "path": declared["path"],
        "line": declared["line"],
        "differences": orjson.dumps(differences).decode() if differences else None,
        "reason": verdict.reason,
    }


def _list(value: Any) -> list[str]:
    if isinstance(value, str | bytes):
        value = orjson.loads(value)
    return [str(item) for item in value or []]
