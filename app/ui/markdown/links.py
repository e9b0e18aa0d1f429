"""Where a link or picture of a document leads: to another synced file, out to the web, or nowhere. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote, urlencode, urlsplit

OUTSIDE = ("http", "https", "mailto")
_LINES = re.compile(r"^L(\d+)(?:C\d+)?(?:-L?\d+.*)?$", re.IGNORECASE)
_SLUG = re.compile(r"[^\w\- ]")
_READMES = ("README.md", "readme.md", "Readme.md", "index.md")


@dataclass(frozen=True)
class Target:
    """`kind`: inside (a synced file), absent (a path that is not synced), outside (an address), refused.

    `path` is relative to the repository; `anchor` the part after #; `line` what #L12 names.
    """

    kind: Literal["inside", "absent", "outside", "refused"]
    path: str = ""
    address: str = ""
    anchor: str = ""
    line: int | None = None


def resolve(base: str, href: str, known: Collection[str]) -> Target:
    """What `href` in the document at path `base` means; `known` are the paths of the synced files."""
    href = href.strip()
    try:
        parts = urlsplit(href)
    except ValueError:
        return Target("refused", address=href)
    if parts.scheme or parts.netloc:
        outside = parts.scheme.lower() in OUTSIDE or not parts.scheme
        return Target("outside" if outside else "refused", address=href if parts.scheme else f"https:{href}")
    return _inside(base, unquote(parts.path), unquote(parts.fragment), known)


def _inside(base: str, relative: str, anchor: str, known: Collection[str]) -> Target:
    lines = _LINES.match(anchor)
    line, anchor = (int(lines[1]), "") if lines else (None, anchor)
    if not relative:
        return Target("inside", base, anchor=anchor, line=line)
    path = joined(base, relative)
    if path is None:
        return Target("refused", address=relative)
    found = _existing(path, known)
    return Target("inside" if found else "absent", found or path, anchor=anchor, line=line)


def joined(base: str, relative: str) -> str | None:
    """The path that `relative` names in the document at `base`; None when it leaves the repository."""
    folder = "" if relative.startswith("/") else posixpath.dirname(base)
    path = posixpath.normpath(posixpath.join(folder, relative.lstrip("/")))
    if path == ".":
        return ""
    return None if path == ".." or path.startswith("../") else path


def _existing(path: str, known: Collection[str]) -> str | None:
    if path in known:
        return path
    below = [posixpath.join(path, name) for name in _READMES]
    return next((one for one in [*below, f"{path}.md"] if one in known), None)


def address(path: str, anchor: str = "", line: int | None = None) -> str:
    """The address of a synced file on the Landing zone page, relative to that page: ?doc=…"""
    query: dict[str, str] = {"doc": path}
    if anchor:
        query["at"] = anchor
    if line is not None:
        query["line"] = str(line)
    return "?" + urlencode(query, quote_via=quote, safe="")


def slug(heading: str) -> str:
    """The anchor of a heading, as the common hosts of repositories make it."""
    return _SLUG.sub("", heading.strip().lower()).replace(" ", "-")


def slugs(headings: Iterable[str]) -> list[str]:
    """The anchors of all headings of a document: the second `x` becomes `x-1`."""
    seen: dict[str, int] = {}
    found: list[str] = []
    for heading in headings:
        made = slug(heading)
        count = seen.get(made, 0)
        seen[made] = count + 1
        found.append(f"{made}-{count}" if count else made)
    return found
