"""The commits that lead to the synced one, in their order, and what each of them changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sync_jobs.layers.git.mirror import FOLDER, Entry, Mirror

GONE = "000000"


@dataclass(frozen=True)
class CommitRecord:
    """A commit object as git stores it. `changes` are against its first parent; `position` as in git_commits."""

    sha: str
    body: bytes
    position: int | None
    changes: tuple[Entry, ...]


@dataclass(frozen=True)
class History:
    """The commits, oldest first, and the tree at position 0. `cut` when there are older ones that are not listed."""

    commits: list[CommitRecord]
    baseline: list[Entry]
    cut: bool

    @property
    def line(self) -> list[CommitRecord]:
        """The commits of the line of first parents, by position."""
        return sorted(
            (one for one in self.commits if one.position is not None), key=lambda one: one.position or 0
        )


@dataclass(frozen=True)
class Span:
    """A content of a path from one position up to another; `until` None: still there."""

    entry: Entry
    start: int
    until: int | None
    commit: str


def read(mirror: Mirror, head: str, at_most: int) -> History:
    """The newest `at_most` commits of all, and of the line of first parents as many."""
    cut_off = mirror.shallow()
    chain = mirror.read("rev-list", "--first-parent", f"--max-count={at_most}", head).decode().split()
    line = [sha for sha in chain if sha not in cut_off] or [head]
    newest = mirror.read("rev-list", "--topo-order", f"--max-count={at_most}", head).decode().split()
    seen = {*newest, *cut_off}
    order = [
        *(sha for sha in reversed(line) if sha not in seen),
        *(s for s in reversed(newest) if s not in cut_off),
    ]
    order = order or [head]
    parents = _parents(mirror, order)
    changes = _changes(mirror, [[sha, *parents[sha][:1]] for sha in order if sha not in cut_off])
    positions = {sha: number for number, sha in enumerate(reversed(line))}
    commits = [
        CommitRecord(sha, body, positions.get(sha), changes.get(sha, ()))
        for sha, body in mirror.objects(order)
    ]
    oldest = line[-1]
    baseline = [entry for entry in mirror.tree(oldest) if entry.mode != FOLDER]
    return History(commits, baseline, cut=bool(parents[oldest]) or oldest in cut_off)


def only(mirror: Mirror, head: str) -> History:
    """The synced commit alone: all that is known before the history is fetched."""
    commits = [CommitRecord(sha, body, 0, ()) for sha, body in mirror.objects([head])]
    return History(commits, [], cut=True)


def spans(history: History) -> list[Span]:
    """Which content each path had, from which position up to which. Pure."""
    line = history.line
    if not line:
        return []
    open_spans = {entry.path: Span(entry, 0, None, line[0].sha) for entry in history.baseline}
    closed: list[Span] = []
    for number, commit in enumerate(line[1:], start=1):
        for entry in commit.changes:
            before = open_spans.pop(entry.path, None)
            if before is not None:
                closed.append(Span(before.entry, before.start, number, before.commit))
            if entry.mode != GONE:
                open_spans[entry.path] = Span(entry, number, None, commit.sha)
    return sorted([*closed, *open_spans.values()], key=lambda span: (span.entry.path, span.start))


def _parents(mirror: Mirror, commits: Sequence[str]) -> dict[str, list[str]]:
    """Per commit its parents that are here."""
    asked = "".join(f"{sha}\n" for sha in commits).encode()
    lines = (
        mirror.read("rev-list", "--parents", "--no-walk=unsorted", "--stdin", stdin=asked)
        .decode()
        .splitlines()
    )
    return {sha: parents for sha, *parents in map(str.split, lines)}


def _changes(mirror: Mirror, lines: Sequence[Sequence[str]]) -> dict[str, tuple[Entry, ...]]:
    """Per commit the paths it changes, with their new content. `lines`: the commit and its first parent."""
    asked = "".join(" ".join(line) + "\n" for line in lines).encode()
    output = mirror.read("diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-renames", stdin=asked)
    found: dict[str, list[Entry]] = {}
    current: list[Entry] = []
    tokens = iter(output.split(b"\0"))
    for token in tokens:
        if token.startswith(b":"):  # :100644 100644 OLD NEW M, then the path
            _, mode, _, oid, _ = token.decode().split()
            current.append(Entry(next(tokens), mode, oid))
        elif token:
            current = found.setdefault(token.decode().strip(), [])
    return {sha: tuple(entries) for sha, entries in found.items()}
