"""One declared resource against the asset it stands for: the attributes that differ, with both values. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync_jobs.layers.drift.attributes import Attribute, attributes_of
from sync_jobs.layers.drift.normalise import NORMALISERS

_IAM = re.compile(r"google_\w+?_iam_(member|binding|policy|audit_config)$")
_ABSENT = object()
_EMPTY: tuple[Any, ...] = (None, "", False, 0, [], {})
_SCALAR = str | int | float | bool | None
_BY_KEY = frozenset(("labels", "items"))  # only declared keys are Terraform's


@dataclass(frozen=True)
class Difference:
    """An attribute with both values; None stands for nothing there."""

    attribute: str
    declared: Any
    actual: Any


@dataclass(frozen=True)
class Verdict:
    """`status`: managed, changed, missing or unknown. `reason` says what limits it."""

    status: str
    differences: tuple[Difference, ...] = ()
    reason: str | None = None


def compare(
    type_: str,
    declared: Mapping[str, Any],
    unknown: Sequence[str],
    data: Mapping[str, Any],
    bindings: Sequence[Mapping[str, Any]] | None,
) -> Verdict:
    """`declared`: attributes of a row of declared_resources, `unknown`: its unknown ones; `data` and `bindings`: of the asset.

    `bindings` is None where no policies were read.
    """
    iam = _IAM.fullmatch(type_)
    if iam:
        return _compare_iam(iam[1], declared, unknown, bindings)
    attributes = attributes_of(type_)
    if attributes is None:
        return Verdict("managed", reason=f"It is there. Attributes of {type_} are not compared.")
    ignored = (declared.get("lifecycle") or {}).get("ignore_changes") or []
    found: list[Difference] = []
    for attribute in attributes:
        if "all" in ignored or attribute.steps[0] in ignored or _is_unknown(attribute, unknown):
            continue
        given = _at(declared, attribute.steps)
        if given is _ABSENT or given is None:
            continue
        actual = next(
            (value for path in attribute.paths if (value := _at(data, path)) is not _ABSENT), _ABSENT
        )
        found += _differences(attribute, given, None if actual is _ABSENT else actual)
    not_seen = sorted({attribute.name for attribute in attributes if _is_unknown(attribute, unknown)})
    reason = f"Not compared, for the text does not say them: {', '.join(not_seen)}." if not_seen else None
    return Verdict("changed" if found else "managed", tuple(found), reason)


def _is_unknown(attribute: Attribute, unknown: Sequence[str]) -> bool:
    """Whether it, something in it or what it is in is unknown. `labels.env` leaves the other labels comparable."""
    name = re.sub(r"\.\*", "", attribute.name)
    per_key = attribute.kind in _BY_KEY
    return any(
        path == name or name.startswith(path + ".") or (not per_key and path.startswith(name + "."))
        for path in unknown
    ) or ("*" in attribute.name and any(path.split(".")[0] == attribute.steps[0] for path in unknown))


def _at(value: Any, steps: Sequence[str]) -> Any:
    """The value at a path; a block may be an object or a list of one."""
    for number, step in enumerate(steps):
        if step == "*":
            items = value if isinstance(value, list) else [value]
            found = [_at(item, steps[number + 1 :]) for item in items]
            return [item for item in found if item is not _ABSENT]
        if step == "0" and isinstance(value, Mapping):
            continue
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return _ABSENT
    return value


def _differences(attribute: Attribute, given: Any, actual: Any) -> list[Difference]:
    normal = NORMALISERS[attribute.kind]
    if given in _EMPTY and actual in _EMPTY:
        return []  # false, 0 or nothing: the API leaves it out
    declared, found = normal(given), None if actual is None else normal(actual)
    if attribute.kind in _BY_KEY:
        there = found or {}
        return [
            Difference(f"{attribute.name}.{key}", value, there.get(key))
            for key, value in declared.items()
            if there.get(key) != value
        ]
    if declared == found or (found is None and declared in _EMPTY):
        return []
    if isinstance(given, _SCALAR) and isinstance(actual, _SCALAR):
        return [Difference(attribute.name, given, actual)]  # as they are written
    return [Difference(attribute.name, declared, found)]


def _compare_iam(
    kind: str,
    declared: Mapping[str, Any],
    unknown: Sequence[str],
    bindings: Sequence[Mapping[str, Any]] | None,
) -> Verdict:
    """Members of a role in the policy. Roles with a condition are compared among those with one."""
    if kind in ("policy", "audit_config"):
        return Verdict("unknown", reason="Whole policies and audit settings are not compared.")
    if bindings is None:
        return Verdict("unknown", reason="No access policies were read; the export has none.")
    role = declared.get("role")
    wanted = declared.get("member") if kind == "member" else declared.get("members")
    if (
        role is None
        or wanted is None
        or any(path.split(".")[0] in ("role", "member", "members") for path in unknown)
    ):
        return Verdict("unknown", reason="The text does not say role or members.")
    members = {str(one).lower() for one in ([wanted] if isinstance(wanted, str) else wanted)}
    conditional = bool(declared.get("condition"))
    actual = {
        str(member).lower()
        for binding in bindings
        if binding.get("role") == role and bool(binding.get("condition")) == conditional
        for member in binding.get("members") or []
    }
    return _compare_members(kind, str(role), members, actual)


def _compare_members(kind: str, role: str, wanted: set[str], actual: set[str]) -> Verdict:
    """A member is there or not; a binding has exactly its members."""
    if kind == "member" and wanted - actual:
        return Verdict("missing", reason=f"The policy gives {role} to others or nobody.")
    if kind == "member" or wanted == actual:
        return Verdict("managed")
    if not actual:
        return Verdict("missing", reason=f"The policy has no binding of {role}.")
    return Verdict("changed", (Difference("members", sorted(wanted), sorted(actual)),))
