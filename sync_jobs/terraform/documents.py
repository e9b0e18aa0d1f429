"""`terraform show -json` of a state or a plan: what Terraform itself worked out."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import Permanent
from sync_jobs.terraform.identities import AFTER_APPLY, identity
from sync_jobs.terraform.values import Unknown, Value

Row = dict[str, Any]
_SECRET = re.compile(
    r"(password|private_key|secret_data|secret$|credentials|token|certificate_key)", re.IGNORECASE
)


class DocumentError(Permanent):
    """A file that is no state and no plan."""


@dataclass(frozen=True)
class Entry:
    """One managed resource: its values without secrets, and the paths of those known only after apply."""

    address: str
    type: str
    module: str
    values: dict[str, Value]
    unknown: list[str]


@dataclass(frozen=True)
class Document:
    """`origin`: state or plan. `stem`: the file's name without its endings."""

    name: str
    stem: str
    origin: str
    entries: list[Entry]


def document(name: str, content: bytes) -> Document:
    """Read one. Raises DocumentError."""
    hint = "Write it with `terraform show -json > FILE` (a state) or `terraform show -json PLANFILE > FILE`."
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{name} is not JSON: {str(error)[:200]}.", hint) from error
    if not isinstance(loaded, dict) or not isinstance(loaded.get("format_version"), str):
        raise DocumentError(
            f"{name} is not what `terraform show -json` prints: it has no format_version.", hint
        )
    stem = posixpath.basename(name).split(".")[0]
    if "planned_values" in loaded:
        after = {
            one["address"]: (one.get("change") or {}).get("after_unknown") or {}
            for one in loaded.get("resource_changes") or []
            if isinstance(one, dict) and isinstance(one.get("address"), str)
        }
        return Document(name, stem, "plan", list(_entries(loaded["planned_values"], after)))
    if "values" in loaded or "terraform_version" in loaded:
        return Document(name, stem, "state", list(_entries(loaded.get("values") or {}, {})))
    raise DocumentError(f"{name} holds neither values nor planned_values.", hint)


def _entries(values: Any, after_unknown: Mapping[str, Any]) -> Iterator[Entry]:
    pending = [(values.get("root_module") or {}, "")] if isinstance(values, dict) else []
    while pending:
        module, address = pending.pop(0)
        for one in module.get("resources") or []:
            if one.get("mode") != "managed" or not isinstance(one.get("values"), dict):
                continue
            known = _without_secrets(one["values"], one.get("sensitive_values") or {})
            unknown = list(_true_paths(after_unknown.get(one["address"], {}), ""))
            yield Entry(one["address"], one["type"], address, known, unknown)
        pending += [(child, str(child.get("address", ""))) for child in module.get("child_modules") or []]


def _without_secrets(values: Any, sensitive: Any) -> Any:
    """Secrets never leave the document: what Terraform marks as sensitive, and what is called like one."""
    if isinstance(values, dict):
        marks = sensitive if isinstance(sensitive, dict) else {}
        return {
            key: _without_secrets(value, marks.get(key))
            for key, value in values.items()
            if marks.get(key) is not True and not is_secret(key)
        }
    if isinstance(values, list):
        marked = sensitive if isinstance(sensitive, list) else []
        return [
            _without_secrets(value, marked[number] if number < len(marked) else None)
            for number, value in enumerate(values)
        ]
    return values


def is_secret(name: str) -> bool:
    """Whether an attribute of that name may hold a secret."""
    return bool(_SECRET.search(name)) and not name.endswith(("_id", "_ids", "_name", "_names"))


def _true_paths(marks: Any, path: str) -> Iterator[str]:
    if marks is True:
        yield path
    elif isinstance(marks, dict):
        for key, mark in marks.items():
            yield from _true_paths(mark, f"{path}.{key}" if path else str(key))
    elif isinstance(marks, list):
        for number, mark in enumerate(marks):
            yield from _true_paths(mark, f"{path}.{number}" if path else str(number))


def document_row(one: Document, entry: Entry, commit_sha: str, run_id: str) -> Row:
    """One row of `declared_resources`; its path is the document's name until a block of the repository is found."""

    def get(name: str) -> Value:
        if name in entry.unknown or entry.values.get(name) is None:
            return Unknown(AFTER_APPLY, f"{entry.address}.{name}")
        return entry.values[name]

    found = identity(entry.type, get)
    settled = found.match_key is not None or found.asset_type is None
    reasons = [f"{name or 'asset'}: {why}" for name, why in found.unknown]
    return {
        "address": entry.address,
        "resource_type": entry.type,
        "path": one.name,
        "line": None,
        "module": entry.module or ".",
        "commit_sha": commit_sha,
        "run_id": run_id,
        "origin": one.origin,
        "asset_name": found.asset_name,
        "asset_type": found.asset_type,
        "match_key": found.match_key,
        "project_id": found.project_id,
        "attributes": {name: value for name, value in entry.values.items() if value is not None},
        "unknown": entry.unknown,
        "resolution": "resolved" if settled else "partial",
        "reasons": reasons,
    }
