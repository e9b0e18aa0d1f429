"""What resource names tell: project, short name, and words for people."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PROJECT = re.compile(r"(?:^|/)projects/([^/]+)")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_HEADS = ("storage.googleapis.com",)


def project_of(*texts: object, ancestors: Iterable[object] = ()) -> str | None:
    """The project the first of these names is in: its id, or its number where only that is told."""
    candidates = [text for text in (*texts, *ancestors) if isinstance(text, str)]
    found = [match.group(1) for text in candidates if (match := _PROJECT.search(text))]
    named = [project for project in found if not project.isdigit()]
    return (named or found or [None])[0]


def short(name: str | None) -> str:
    """The last part of a resource name."""
    return (name or "").rstrip("/").rpartition("/")[2]


def words(asset_type: str | None) -> str:
    """`compute.googleapis.com/InstanceTemplate` as "instance template"."""
    return _WORD.sub(" ", short(asset_type)).lower() or "resource"


def full_name(service: str, resource: str) -> str:
    """A full resource name from an audit log's service and resource name."""
    if resource.startswith("//"):
        return resource
    if service in _HEADS:
        return f"//{service}/{resource.removeprefix('projects/_/buckets/')}"
    return f"//{service}/{resource}"


def clip(text: str, length: int = 240) -> str:
    """At most so many characters, on one line."""
    line = " ".join(_CONTROL.sub(" ", text).split())
    return line if len(line) <= length else line[: length - 1] + "…"
