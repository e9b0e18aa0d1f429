"""What is to become of each entry of the tree: published where, refused why, or not mapped. Pure.

First by name and mode alone (`planned`), then, when the contents are here, by those (`judged`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sync_jobs.layers.git import names
from sync_jobs.layers.git.kinds import kind_of
from sync_jobs.layers.git.mapping import Mapped, reserved
from sync_jobs.layers.git.mirror import FOLDER, LINK, SUBMODULE, Entry

SYNCED, REFUSED, NOT_MAPPED = "synced", "refused", "not_mapped"
LONGEST_CHAIN = 10
LFS = b"version https://git-lfs.github.com/spec/v1\n"


@dataclass(frozen=True)
class Planned:
    """A file of the tree. `oid` is the content it is published with: for a link, that of what it leads to."""

    path: str
    entry: Entry
    oid: str
    status: str
    target: str | None = None
    reason: str | None = None

    @property
    def is_read(self) -> bool:
        """Whether its content is fetched: to be published, or, of Terraform that no rule names, for what it declares."""
        if self.status == NOT_MAPPED:
            return self.entry.is_file and kind_of(self.path) == "terraform"
        return self.status == SYNCED

    def refused(self, reason: str) -> Planned:
        """The same, refused."""
        return replace(self, status=REFUSED, reason=reason)


def planned(entries: Sequence[Entry], mapped: Mapped) -> list[Planned]:
    """Every entry but folders, judged by its name and mode."""
    taken: dict[str, str] = {}
    out = []
    for entry in entries:
        if entry.mode != FOLDER:
            one = _by_name(entry, mapped)
            out.append(_placed(one, one.target, taken) if one.status == SYNCED and one.target else one)
    return out


def _by_name(entry: Entry, mapped: Mapped) -> Planned:
    path = names.shown(entry.path)
    target = mapped.target(path)
    one = Planned(path, entry, entry.oid, SYNCED, target)
    danger = names.unsafe(path)
    if danger:
        return replace(one, target=None).refused(danger)
    if target is None:
        return replace(one, status=NOT_MAPPED)
    reason = names.unfit(path) if _is_utf8(entry.path) else "its name is not UTF-8"
    reason = reason or _by_mode(entry.mode)
    if reason is None and reserved(target, mapped.folders):
        reason = "the sync itself writes a file of that name"
    return one.refused(reason) if reason else one


def _by_mode(mode: str) -> str | None:
    if mode == SUBMODULE:
        return "a submodule (or a device): its content is not in this repository"
    if mode == LINK or mode.startswith("100"):
        return None
    return f"a device or another kind of file (mode {mode})"


def _placed(one: Planned, target: str, taken: dict[str, str]) -> Planned:
    """Refuse what shares its place with an earlier one: in case only, or a file where another needs a folder."""
    key = names.folded(target)
    if key in taken:
        return one.refused(f"its place is taken by {taken[key]} (where case does not count, both are one)")
    parts = key.split("/")
    above = ["/".join(parts[:n]) for n in range(1, len(parts))]
    for folder in above:
        if not taken.get(folder, "/").endswith("/"):
            return one.refused(f"the place of its folder is taken by {taken[folder]}")
    taken[key] = one.path
    for folder in above:
        taken.setdefault(folder, f"{one.path}/")
    return one


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def linked(plan: Sequence[Planned], entries: Sequence[Entry], texts: Mapping[str, bytes]) -> list[Planned]:
    """Links followed inside the tree: published as a copy of the file they lead to, or refused.

    `texts` holds what the links say, by their object id.
    """
    tree = {names.shown(entry.path): entry for entry in entries}
    return [
        _followed(one, tree, texts) if one.status == SYNCED and one.entry.mode == LINK else one
        for one in plan
    ]


def _followed(one: Planned, tree: Mapping[str, Entry], texts: Mapping[str, bytes]) -> Planned:
    path, entry = one.path, one.entry
    for _ in range(LONGEST_CHAIN):
        said = names.shown(texts.get(entry.oid, b""))
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), said))
        found = tree.get(path)
        reason = None if entry.oid in texts else "a link that leads over another link, which is not mapped"
        if said.startswith("/") or path.partition("/")[0] == "..":
            reason = "a link that leaves the repository"
        elif found is None or names.unsafe(path):
            reason = reason or "a link that leads to no file of the repository"
        elif found.mode in {FOLDER, SUBMODULE}:
            reason = "a link to a folder; its files are synced where they are"
        if reason or found is None:
            return one.refused(reason or "")
        entry = found
        if entry.is_file:
            return replace(one, oid=entry.oid)
    return one.refused("a link that leads round in a circle")


def judged(
    plan: Sequence[Planned], sizes: Mapping[str, int], limit: int, head: Callable[[str], bytes | None]
) -> list[Planned]:
    """Refuse what is too large or only a pointer to its content. `head` gives the first bytes of a small content."""
    return [_by_content(one, sizes, limit, head) if one.status == SYNCED else one for one in plan]


def _by_content(
    one: Planned, sizes: Mapping[str, int], limit: int, head: Callable[[str], bytes | None]
) -> Planned:
    size = sizes.get(one.oid)
    if size is None:
        return one.refused(f"larger than the limit of {limit:,} bytes; not fetched")
    if size > limit:
        return one.refused(f"{size:,} bytes, larger than the limit of {limit:,} bytes")
    if size < 1024 and (head(one.oid) or b"").startswith(LFS):
        return one.refused("a pointer to Git LFS; its content is not in the repository")
    return one


def wanted(plan: Sequence[Planned], entries: Sequence[Entry], missing: set[str]) -> list[str]:
    """Ids to ask for so that the content of the plan comes: a folder as a whole where all of it is wanted.

    For a folder the server leaves out what is too large, which for a single file it cannot.
    """
    needed = {one.entry.path for one in plan if one.is_read and one.oid in missing}
    spoiled: set[bytes] = set()  # folders that hold something that is not wanted
    for entry in entries:
        if entry.mode not in {FOLDER, SUBMODULE} and entry.path not in needed:
            spoiled.update(_above(entry.path))
    whole = {entry.path for entry in entries if entry.mode == FOLDER and entry.path not in spoiled}
    ids: list[str] = []
    # One missing file by its own id: git asks the server for nothing when it has all that is named, and the
    # folders themselves are here already.
    ids += [entry.oid for entry in entries if entry.path in needed][:1]
    for entry in entries:
        wanted_itself = entry.path in (whole if entry.mode == FOLDER else needed)
        if wanted_itself and not any(folder in whole for folder in _above(entry.path)):
            ids.append(entry.oid)
    return list(dict.fromkeys(ids))


def _above(path: bytes) -> list[bytes]:
    parts = path.split(b"/")
    return [b"/".join(parts[:n]) for n in range(1, len(parts))]
