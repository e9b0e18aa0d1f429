"""What a pull request and its commit say. Pure.

Messages of commits and names of files come from outside: on GitHub they stand as code, where they name nobody, close
nothing and load nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sync_jobs.pull_request.workbench import FileChange

FILES_LISTED = 100
COMMITS_LISTED = 30
BODY_LIMIT = 60_000  # GitHub takes 65,536 characters
KINDS = ("added", "changed", "deleted")


@dataclass(frozen=True)
class Source:
    """Where the content came from. `commits` are (id, subject, author), newest first; `more`: there are others."""

    address: str
    branch: str
    commit: str
    commits: Sequence[tuple[str, str, str]]
    more: bool


def title(source: Source, changes: Sequence[FileChange]) -> str:
    """One line for the pull request and the commit."""
    return f"Sync the landing zone at {source.commit[:10]}: {counts(changes)}"


def counts(changes: Sequence[FileChange]) -> str:
    """Such as `3 added, 1 deleted`."""
    found = Counter(one.kind for one in changes)
    return ", ".join(f"{found[kind]:,} {kind}" for kind in KINDS if found[kind])


def message(source: Source, changes: Sequence[FileChange]) -> str:
    """The message of the commit; it names the source commits by id only, so that nothing in it acts on GitHub."""
    ids = [sha for sha, _, _ in source.commits] or [source.commit]
    lines = [title(source, changes), "", f"Source: {source.address}", f"Branch: {source.branch}", "Commits:"]
    lines += [f"  {sha}" for sha in ids]
    if source.more:
        lines.append("  and earlier ones")
    return "\n".join(lines) + "\n"


def body(source: Source, changes: Sequence[FileChange], problems: Sequence[str]) -> str:
    """The text of the pull request, in Markdown."""
    lines = [
        f"Made by the Landing Zone Portal from {_code(source.address)}, branch {_code(source.branch)}, "
        f"commit {_code(source.commit)}. It is made anew with every sync until it is merged.",
        "",
        f"**{counts(changes)}**",
        "",
        *_table(changes),
        "",
        "### Commits of the landing zone",
        "",
    ]
    lines += [
        f"* {_code(sha[:10])} {_code(subject)} by {_code(author)}" for sha, subject, author in source.commits
    ]
    if source.more or not source.commits:
        lines.append("* and earlier ones" if source.commits else f"* {_code(source.commit)}")
    lines += ["", "### Files", ""]
    lines += [f"* {one.kind} {_code(one.path)}" for one in changes[:FILES_LISTED]]
    if len(changes) > FILES_LISTED:
        lines.append(f"* and {len(changes) - FILES_LISTED:,} more")
    if problems:
        lines += ["", "### Not synced", "", *(f"* {_code(text)}" for text in problems)]
    return _cut("\n".join(lines) + "\n")


def _table(changes: Sequence[FileChange]) -> list[str]:
    """Counts by folder: the first three parts of a path."""
    found: dict[str, Counter[str]] = {}
    for one in changes:
        folder = "/".join(one.path.split("/")[:-1][:3])
        found.setdefault(folder, Counter())[one.kind] += 1
    rows = [
        f"| {_code(folder).replace('|', '¦')} | "
        + " | ".join(str(kinds[kind] or "") for kind in KINDS)
        + " |"
        for folder, kinds in sorted(found.items())
    ]
    return ["| folder | added | changed | deleted |", "|---|---|---|---|", *rows]


def _code(text: str) -> str:
    """`text` as code in one line: no backtick and no control character can end it."""
    plain = "".join(char if char.isprintable() else " " for char in text).replace("`", "'")
    return f"`{' '.join(plain.split())[:200] or '(none)'}`"


def _cut(text: str) -> str:
    if len(text) <= BODY_LIMIT:
        return text
    kept = text[:BODY_LIMIT].rpartition("\n")[0]
    return f"{kept}\n\n(Cut here: the list is longer than GitHub takes.)\n"
