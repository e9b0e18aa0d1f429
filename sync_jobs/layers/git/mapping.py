"""Which files of the landing zone are published, and where. Pure.

A rule `{from, to}` takes the files that match `from` and replaces the part before its first wildcard by `to`; the rest of
the path stays. With the rules of the defaults the folders of the landing zone keep their place to each other, so that a
link from one document to another goes on working.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

METADATA_FOLDER = "config/lz-config"
METADATA = "sync-metadata.json"
LIST = ".lz-sync.json"  # in each target folder: what the last sync wrote there
_WILD = re.compile(r"[*?]")


@dataclass(frozen=True)
class Rule:
    """One rule, ready to use."""

    pattern: re.Pattern[str]
    prefix: str  # with its slash; empty at the root
    to: str  # with its slash

    def target(self, path: str) -> str | None:
        """Where `path` is published; None when the rule is not about it."""
        return self.to + path[len(self.prefix) :] if self.pattern.fullmatch(path) else None


class Mapped:
    """All rules; the first that matches counts."""

    def __init__(self, rules: Iterable[Mapping[str, str]]) -> None:
        self._rules = [_rule(rule["from"], rule["to"]) for rule in rules]

    def target(self, path: str) -> str | None:
        """Where `path` is published, relative to the publish root; None: nowhere."""
        return next((found for rule in self._rules if (found := rule.target(path)) is not None), None)

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The outermost target folders, that of the metadata last: each is exchanged as a whole."""
        named = sorted({rule.to.rstrip("/") for rule in self._rules} | {METADATA_FOLDER})
        outer = [
            one for one in named if not any(one != other and one.startswith(f"{other}/") for other in named)
        ]
        return tuple(sorted(outer, key=METADATA_FOLDER.startswith))

    def folder(self, target: str) -> str:
        """The target folder that holds `target`."""
        return next(one for one in self.folders if target.startswith(f"{one}/"))


def reserved(target: str, folders: Sequence[str]) -> bool:
    """Whether the sync itself writes a file of that name."""
    own = {f"{folder}/{LIST}" for folder in folders} | {f"{METADATA_FOLDER}/{METADATA}"}
    return target.lower() in own


def _rule(source: str, to: str) -> Rule:
    source = source.strip("/") if not source.endswith("/") else f"{source.strip('/')}/**"
    parts = source.split("/")
    fixed = next((n for n, part in enumerate(parts) if _WILD.search(part)), len(parts) - 1)
    prefix = "".join(f"{part}/" for part in parts[:fixed])
    return Rule(re.compile(_regex(source), re.DOTALL), prefix, f"{to.strip('/')}/")


def _regex(pattern: str) -> str:
    """`**` stands for any folders, `*` and `?` stay within a name."""
    out = ""
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece, re.escape(piece))
    return out
