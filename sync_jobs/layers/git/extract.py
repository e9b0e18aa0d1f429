"""The landing zone repository to what its followed branch holds; Unknown when that cannot be seen."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sync_jobs.layers.base import Unknown
from sync_jobs.layers.git import history as histories
from sync_jobs.layers.git import names
from sync_jobs.layers.git.history import GONE, History, Span
from sync_jobs.layers.git.mapping import Mapped
from sync_jobs.layers.git.mirror import LINK, CannotPick, Entry, Mirror
from sync_jobs.layers.git.plan import SYNCED, Planned, judged, linked, planned, wanted
from sync_jobs.layers.git.program import Address, GitFailed, address
from sync_jobs.layers.git.remote import Tip, explained, look

TEXT_LIMIT = 256 * 1024
IMAGE_LIMIT = 2 * 1024 * 1024  # contents up to this size are held in memory
# Of older versions of such files nothing can be shown: their content is not fetched.
_NO_TEXT = [
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".webp",
    ".ico",
    ".bmp",
    ".tiff",
    ".pdf",
    ".zip",
    ".gz",
    ".tgz",
    ".tar",
    ".7z",
    ".jar",
    ".mp4",
    ".mov",
    ".webm",
    ".mp3",
    ".woff",
    ".woff2",
    ".ttf",
    ".otf",
    ".eot",
    ".xlsx",
    ".docx",
    ".pptx",
    ".vsdx",
    ".drawio.png",
    ".exe",
    ".bin",
    ".so",
    ".pyc",
]


@dataclass(frozen=True)
class Request:
    """What to read; `terms` is a digest of it. With `known_head`, nothing is read when the branch still points there.

    `known_large` are contents that were left out for their size before: they are not asked for again.
    """

    url: str
    branch: str
    folder: Path
    mapped: Mapped
    limit: int
    commits: int
    terms: str = ""
    known_head: str | None = None
    known_large: frozenset[str] = frozenset()
    with_history: bool = False
    cancelled: threading.Event | None = None


@dataclass(frozen=True)
class Past:
    """The history, the contents that the mapped paths had in it, and the texts of those."""

    history: History
    spans: list[Span] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True)
class Snapshot:
    """What the branch held: `head` is its commit, `source` the address without credentials.

    `sizes` are bytes by object id, `contents` those of not more than IMAGE_LIMIT bytes; the others are in `mirror`.
    """

    source: str
    branch: str
    head: str
    mirror: Mirror
    files: list[Planned] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    past: Past | None = None
    unchanged: bool = False


def extract(request: Request) -> Snapshot | Unknown:
    """Mirror `request.url` and read its branch ("HEAD": the remote's default).

    Raises Retryable when trying again may help, Permanent when the disk is full.
    """
    where = address(request.url)
    mirror = Mirror(request.folder, where, request.cancelled)
    try:
        tip = _arrived(request, where, mirror)
    except GitFailed as error:
        return _unseen(where, error)
    if isinstance(tip, Unknown):
        return tip
    if tip.commit == request.known_head:
        return Snapshot(where.url, tip.branch or request.branch, tip.commit, mirror, unchanged=True)
    try:
        return _content(request, mirror, tip)
    except CannotPick:
        return _whole(request, mirror, tip)
    except GitFailed as error:
        return _broken(where, mirror, error)


def _whole(request: Request, mirror: Mirror, tip: Tip) -> Snapshot | Unknown:
    """After the server refused to send single files: fetch all of them, then read."""
    try:
        mirror.fetch(tip.ref, _depth(request))
        return _content(request, mirror, tip)
    except GitFailed as error:
        return _broken(address(request.url), mirror, error)


def _broken(where: Address, mirror: Mirror, error: GitFailed) -> Unknown:
    """What a failure after the look means: the server's, or else a damaged mirror, which is thrown away."""
    found = explained(where, error)
    if found is None:
        raise mirror.discard() from error
    return found


def read_past(request: Request, mirror: Mirror, head: str, branch: str) -> Past:
    """Fetch the commits before `head` and what they changed. Raises GitFailed, Retryable."""
    tip = Tip("" if branch == "HEAD" else branch, head)
    mirror.fetch(tip.ref, request.commits + 1)
    try:
        return _past(request, mirror, head)
    except CannotPick:
        mirror.fetch(tip.ref, request.commits + 1)
        return _past(request, mirror, head)


def _arrived(request: Request, where: Address, mirror: Mirror) -> Tip | Unknown:
    """The tip of the branch, fetched unless it is the known one. Raises GitFailed.

    When nothing is known the look and the fetch go side by side: one wait for the network less.
    """
    depth = _depth(request)
    if request.known_head is not None:
        tip = look(where, request.branch, request.cancelled)
        if isinstance(tip, Unknown) or tip.commit == request.known_head:
            return tip
        return Tip(tip.branch, _fetched(mirror, where, tip.ref, depth))
    ref = "HEAD" if request.branch == "HEAD" else f"refs/heads/{request.branch}"
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(_fetched, mirror, where, ref, depth)
        tip = look(where, request.branch, request.cancelled)
    return tip if isinstance(tip, Unknown) else Tip(tip.branch, fetching.result())


def _fetched(mirror: Mirror, where: Address, ref: str, depth: int) -> str:
    """The commit. A failure that is not the server's is one of the mirror, which is then thrown away."""
    try:
        return mirror.fetch(ref, depth)
    except GitFailed as error:
        if explained(where, error) is not None:
            raise
        raise mirror.discard() from error


def _depth(request: Request) -> int:
    return request.commits + 1 if request.with_history else 1


def _unseen(where: Address, error: GitFailed) -> Unknown:
    return explained(where, error) or Unknown(
        f"{where.url} could not be read: {error.stderr or error.message}",
        "Try the same with git on this machine.",
    )


def _content(request: Request, mirror: Mirror, tip: Tip) -> Snapshot:
    """The files of the tip, and with them the history where it is asked for."""
    entries = mirror.tree(tip.commit)
    plan = planned(entries, request.mapped)
    ids = _ids(plan)
    here = mirror.sizes(ids)
    missing = set(ids) - set(here) - request.known_large
    mirror.bring(wanted(plan, entries, missing), request.limit)
    links = [one.oid for one in plan if one.status == SYNCED and one.entry.mode == LINK]
    sizes = mirror.sizes(ids) if missing else here
    if links:
        texts = dict(mirror.objects([oid for oid in dict.fromkeys(links) if oid in sizes]))
        plan = linked(plan, entries, texts)
        further = sorted(set(_ids(plan)) - set(ids))  # what links lead to beside the mapped paths
        mirror.bring(sorted(set(further) - set(mirror.sizes(further))), request.limit)
        sizes |= mirror.sizes(further)
    needed = set(_ids(plan))
    contents = dict(
        mirror.contents({oid: size for oid, size in sizes.items() if oid in needed and size <= IMAGE_LIMIT})
    )
    plan = judged(plan, sizes, request.limit, contents.get)
    past = _past(request, mirror, tip.commit) if request.with_history else None
    branch = tip.branch or request.branch
    return Snapshot(mirror.source, branch, tip.commit, mirror, plan, sizes, contents, past)


def _past(request: Request, mirror: Mirror, head: str) -> Past:
    history = histories.read(mirror, head, request.commits)
    spans = [span for span in histories.spans(history) if _kept(span.entry, request.mapped)]
    ids = list(
        dict.fromkeys(
            span.entry.oid
            for span in spans
            if not names.shown(span.entry.path).lower().endswith(tuple(_NO_TEXT))
        )
    )
    sizes = mirror.sizes(ids)
    mirror.bring([oid for oid in ids if oid not in sizes and oid not in request.known_large], request.limit)
    sizes = mirror.sizes(ids)
    texts = dict(mirror.contents({oid: size for oid, size in sizes.items() if size <= TEXT_LIMIT}))
    return Past(history, spans, sizes, texts)


def _kept(entry: Entry, mapped: Mapped) -> bool:
    """Whether versions of a path are kept: mapped files with a sound name."""
    path = names.shown(entry.path)
    if entry.mode == GONE or not (entry.is_file or entry.mode == LINK):
        return False
    return mapped.target(path) is not None and not names.unsafe(path) and not names.unfit(path)


def _ids(plan: list[Planned]) -> list[str]:
    return list(dict.fromkeys(one.oid for one in plan if one.is_read))
