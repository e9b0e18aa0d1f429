"""The synced files as folders of this project: put together aside, then exchanged whole.

Each target folder holds a list (`.lz-sync.json`) of what the last sync wrote there. Only what is listed is ever replaced or
removed; other files in the folder are carried over as they are. A file that is newer than the list, or of another size, is
looked at again: what somebody changed by hand is written anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from app.errors import Busy, Permanent
from sync_jobs.layers.git import exchange, published
from sync_jobs.layers.git.mapping import LIST, METADATA, METADATA_FOLDER

Read = Callable[[Mapping[str, int]], Iterable[tuple[str, bytes]]]
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Item:
    """A content of `size` bytes to publish at `target`, relative to the root."""

    target: str
    oid: str
    size: int


@dataclass
class Change:
    """What a sync does to the published files. `folders` are ready to be exchanged; counts are of files."""

    folders: list[str] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    deleted: int = 0


class Publication:
    """The target folders below `root`. Use it inside `held()`."""

    def __init__(self, root: Path, folders: Sequence[str]) -> None:
        self.root = root
        self.folders = tuple(folders)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other homes from publishing here, and clear up after one that was killed. Raises Busy, Permanent."""
        with exchange.explained(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"Another portal is publishing below {self.root}.", "Wait for it to finish."
                ) from error
            with exchange.explained(self.root):
                for folder in self.folders:
                    if (self.root / folder).is_symlink():
                        raise Permanent(
                            f"{self.root / folder} is a link.",
                            "Make it a folder: it is exchanged as a whole.",
                        )
                    exchange.recover(self.root / folder)
                try:
                    yield
                finally:
                    self.clear()
        finally:
            os.close(handle)

    def listed(self) -> dict[str, Item]:
        """What the last sync wrote, by target."""
        found: dict[str, Item] = {}
        for folder in self.folders:
            for relative, value in self._list(folder).get("files", {}).items():
                oid, _, size = str(value).partition(" ")
                if size.isdigit():
                    found[f"{folder}/{relative}"] = Item(f"{folder}/{relative}", oid, int(size))
        return found

    def intact(self, count: int) -> bool:
        """Whether everything listed, `count` files, is there as it was written."""
        lists = {folder: self._list(folder).get("files", {}) for folder in self.folders}
        if sum(map(len, lists.values())) != count or not (self.root / METADATA_FOLDER / METADATA).is_file():
            return False
        for folder, files in lists.items():
            written, place = self._written(folder), f"{self.root}/{folder}"
            for relative, value in files.items():
                oid, _, size = str(value).partition(" ")
                if not published.same(f"{place}/{relative}", oid, int(size), written):
                    return False
        return True

    def conflicts(self, items: Iterable[Item]) -> dict[str, str]:
        """Targets that cannot be written because somebody else's file is there, with the reason."""
        listed, found = self.listed(), {}
        own_folders = {above for target in listed for above in _above(target)}
        there = {folder for folder in self.folders if (self.root / folder).is_dir()}
        for item in items:
            folder = self._folder(item.target)
            if item.target in listed or folder not in there:
                continue
            path = self.root / item.target
            blocked = next(
                (
                    above
                    for above in _above(item.target)
                    if len(above) > len(folder) and self._foreign_file(above, listed)
                ),
                None,
            )
            if blocked:
                found[item.target] = f"{blocked}, which the sync did not write, is in the place of its folder"
            elif path.is_dir() and not path.is_symlink() and item.target not in own_folders:
                found[item.target] = f"the folder {item.target}, which the sync did not make, is in its place"
            elif os.path.lexists(path) and not path.is_dir() and not published.holds(path, item.oid):
                found[item.target] = (
                    f"{item.target}, which the sync did not write, is in its place; move it away to have this one"
                )
        return found

    # -- putting together ------------------------------------------------------------------------------

    def stage(
        self, items: Sequence[Item], read: Read, describe: Callable[[Change], dict[str, object]]
    ) -> Change:
        """Put the new folders together beside the old ones, where anything differs.

        `read` gives contents by id; `describe` the metadata, which is written only when something else is.
        """
        before, after = self.listed(), {item.target: item for item in items}
        change = Change(
            added=len(after.keys() - before.keys()),
            deleted=len(before.keys() - after.keys()),
            changed=sum(
                1 for target, item in after.items() if target in before and before[target].oid != item.oid
            ),
        )
        digest = _digest(items)
        last = self._list(METADATA_FOLDER).get("digest") if METADATA_FOLDER in self.folders else None
        for folder in self.folders:
            mine = {target: item for target, item in after.items() if target.startswith(f"{folder}/")}
            old = {target: item for target, item in before.items() if target.startswith(f"{folder}/")}
            with_metadata = folder == METADATA_FOLDER or METADATA_FOLDER.startswith(f"{folder}/")
            fresh = with_metadata and (
                digest != last or not (self.root / METADATA_FOLDER / METADATA).is_file()
            )
            written = self._written(folder)
            if mine == old and not fresh and all(self._same(item, written) for item in mine.values()):
                continue
            self._build(folder, mine, old, read)
            if with_metadata:
                self._describe(folder, describe(change) if fresh else None)
            listing: dict[str, object] = {"files": _lines(folder, mine)}
            if with_metadata:
                listing["digest"] = digest
            (exchange.staged(self.root / folder) / LIST).write_bytes(
                orjson.dumps(listing, option=_PRETTY | orjson.OPT_SORT_KEYS)
            )
            change.folders.append(folder)
        return change

    @contextmanager
    def exchanging(self, change: Change) -> Iterator[Callable[[], None]]:
        """Gives what publishes the staged folders: one after another, each in one step, the metadata's last.

        Taken back when what is done inside fails afterwards.
        """
        done: list[Path] = []

        def exchange_all() -> None:
            for folder in change.folders:
                exchange.swap(self.root / folder)
                done.append(self.root / folder)

        with exchange.explained(self.root):
            try:
                yield exchange_all
            except BaseException:
                for path in reversed(done):
                    exchange.swap_back(path)
                raise

    def clear(self) -> None:
        """Remove the folders that were exchanged away, or not finished."""
        for folder in self.folders:
            exchange.clear(self.root / folder)

    def _build(self, folder: str, mine: Mapping[str, Item], old: Mapping[str, Item], read: Read) -> None:
        current, new = self.root / folder, exchange.staged(self.root / folder)
        new.mkdir(parents=True)
        if current.is_dir():
            shutil.copymode(current, new)
            self._carry(folder, set(old))
        written, missing = self._written(folder), dict[str, list[Path]]()
        made: set[Path] = {new}
        sizes: dict[str, int] = {}
        for target, item in mine.items():
            path = new / target[len(folder) + 1 :]
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            known = old.get(target)
            if (
                known
                and known.oid == item.oid
                and self._same(item, written)
                and published.linked(self.root / target, path)
            ):
                continue
            missing.setdefault(item.oid, []).append(path)
            sizes[item.oid] = item.size
        for oid, content in read(sizes) if sizes else ():
            for path in missing[oid]:
                if not published.written_anew(
                    path, content
                ):  # carried over: taken over when it has this very content
                    published.take_over(path, oid)

    def _carry(self, folder: str, own: set[str]) -> None:
        """Files that the sync did not write stay in the folder, as they are."""
        current, new = self.root / folder, exchange.staged(self.root / folder)
        own = own | {f"{folder}/{LIST}"}
        if folder == METADATA_FOLDER or METADATA_FOLDER.startswith(f"{folder}/"):
            own.add(f"{METADATA_FOLDER}/{METADATA}")
        own_folders = {above for target in own for above in _above(target)}
        for place, folders, files in os.walk(current):
            here = Path(place)
            relative = here.relative_to(self.root).as_posix()
            for name in [*files, *(one for one in folders if (here / one).is_symlink())]:
                if f"{relative}/{name}" not in own:
                    target = new / here.relative_to(current) / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if not published.linked(here / name, target):
                        shutil.copy2(here / name, target, follow_symlinks=False)
            if relative not in own_folders:
                (new / here.relative_to(current)).mkdir(parents=True, exist_ok=True)

    def _describe(self, folder: str, metadata: dict[str, object] | None) -> None:
        """Write the metadata; None: they stay as they are."""
        path = exchange.staged(self.root / folder) / f"{METADATA_FOLDER}/{METADATA}"[len(folder) + 1 :]
        path.parent.mkdir(parents=True, exist_ok=True)
        if metadata is None:
            shutil.copy2(self.root / METADATA_FOLDER / METADATA, path)
        else:
            path.write_bytes(orjson.dumps(metadata, option=_PRETTY))

    # -- looking ---------------------------------------------------------------------------------------

    def _folder(self, target: str) -> str:
        return next(folder for folder in self.folders if target.startswith(f"{folder}/"))

    def _list(self, folder: str) -> dict[str, Any]:
        """The folder's list; an empty one where there is none, or where it cannot be read."""
        try:
            found = orjson.loads((self.root / folder / LIST).read_bytes())
        except (FileNotFoundError, NotADirectoryError, orjson.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def _written(self, folder: str) -> int:
        """When the list was written: what it lists is not newer, or was touched since."""
        try:
            return (self.root / folder / LIST).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _same(self, item: Item, written: int) -> bool:
        return published.same(f"{self.root}/{item.target}", item.oid, item.size, written)

    def _foreign_file(self, place: str, listed: Mapping[str, Item]) -> bool:
        path = self.root / place
        return place not in listed and (path.is_symlink() or path.is_file())


def _lines(folder: str, items: Mapping[str, Item]) -> dict[str, str]:
    return {target[len(folder) + 1 :]: f"{item.oid} {item.size}" for target, item in items.items()}


def _digest(items: Iterable[Item]) -> str:
    lines = sorted(f"{item.target}\0{item.oid}" for item in items)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _above(target: str) -> list[str]:
    parts = target.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]
