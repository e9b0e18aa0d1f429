"""A bare, shallow and partial mirror of the landing zone repository in the home, and what can be read from it.

It holds commits and trees, and of the files only those that were asked for. Where the server cannot leave files out, it
holds all of them. Reading never fetches: what is not here is missing, and says so.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.errors import PortalError, Retryable
from sync_jobs.layers.git.program import Address, GitFailed, git

HEAD_REF = "refs/portal/head"
FETCH_TIMEOUT = 900.0
READ_TIMEOUT = 300.0
MOST_PACKS = 200  # a pack per fetch; with more of them the mirror is made anew
CHUNK_BYTES = 32 * 1024 * 1024
SUBMODULE, LINK, FOLDER = "160000", "120000", "040000"
_FETCH = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")
_NO_PARTIAL = re.compile(
    r"unadvertised object|not our ref|dumb http|filtering not recognized.*unadvert", re.I
)


@dataclass(frozen=True)
class Entry:
    """A line of a tree: `mode` as git writes it, `oid` the object's id."""

    path: bytes
    mode: str
    oid: str

    @property
    def is_file(self) -> bool:
        return self.mode.startswith("100")


class Mirror:
    """The mirror under `folder`. Only the run that holds the git layer's lease may use it."""

    def __init__(self, folder: Path, address: Address, cancelled: threading.Event | None = None) -> None:
        self.folder = folder
        self._address = address
        self._cancelled = cancelled
        self.source = address.url
        self._whole = folder / "portal-whole"  # there when this server cannot send single files

    # -- fetching --------------------------------------------------------------------------------------

    def fetch(self, ref: str, depth: int) -> str:
        """Bring `ref` and so many commits before it here, whatever was here before. Returns its commit's id."""
        self._prepare()
        try:
            self._fetch(ref, [f"--depth={depth}", *([] if self._whole.exists() else ["--filter=blob:none"])])
        except GitFailed as error:
            if not _NO_PARTIAL.search(error.stderr):
                raise
            self._whole.touch()
            self._fetch(ref, [])
        return (self.folder / HEAD_REF).read_text(encoding="ascii").strip()

    def bring(self, wanted: Sequence[str], limit: int) -> None:
        """Fetch the contents `wanted`, files or folders by id; of folders, files up to `limit` bytes.

        Raises GitFailed. Where the server refuses single objects, `needs_whole` says so and the mirror is empty.
        """
        if not wanted:
            return
        try:
            self._network(
                "-c", "fetch.negotiationAlgorithm=noop", "fetch", *_FETCH, f"--filter=blob:limit={limit}",
                "--stdin", "origin", stdin="".join(f"{oid}\n" for oid in wanted).encode(),
            )  # fmt: skip
        except GitFailed as error:
            if not _NO_PARTIAL.search(error.stderr):
                raise
            shutil.rmtree(self.folder, ignore_errors=True)
            self._prepare()
            self._whole.touch()
            raise CannotPick(error.message, error.hint, error.stderr) from error

    def _fetch(self, ref: str, terms: Sequence[str]) -> None:
        self._network("fetch", *_FETCH, "--force", "--refmap=", *terms, "origin", f"+{ref}:{HEAD_REF}")

    def _network(self, *arguments: str, stdin: bytes | None = None) -> None:
        try:
            git(
                "-c", "remote.origin.promisor=true", *arguments,
                timeout=FETCH_TIMEOUT, directory=self.folder, stdin=stdin, cancelled=self._cancelled,
                remote=self._address,
            )  # fmt: skip
        except PortalError:
            self._sweep()
            raise
        finally:
            self._configure()  # git notes that files are missing; a reader of this mirror must not fetch them

    def _prepare(self) -> None:
        """Make the mirror, or make it anew when it is of another repository; sweep what a killed run left."""
        marker, packs = self.folder / "portal-url", self.folder / "objects" / "pack"
        stale = not marker.is_file() or marker.read_text(encoding="utf-8") != self._address.url
        if stale or len(list(packs.glob("*.pack"))) > MOST_PACKS:
            shutil.rmtree(self.folder, ignore_errors=True)
            packs.mkdir(parents=True)
            (self.folder / "refs").mkdir()
            (self.folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="utf-8")
            self._configure()
            marker.write_text(self._address.url, encoding="utf-8")
        self._sweep()

    def _sweep(self) -> None:
        """Remove what a fetch that was cut off left: on a full disk it is in everybody's way."""
        for pattern in ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "objects/**/tmp_obj_*"):
            for left in self.folder.glob(pattern):
                left.unlink(missing_ok=True)

    def _configure(self) -> None:
        quoted = self._address.url.replace("\\", "\\\\").replace('"', '\\"')
        text = (
            f'[core]\n\trepositoryformatversion = 0\n\tbare = true\n[remote "origin"]\n\turl = "{quoted}"\n'
        )
        path = self.folder / "config"
        if self.folder.is_dir() and (not path.exists() or path.read_text(encoding="utf-8") != text):
            path.write_text(text, encoding="utf-8")

    def discard(self) -> Retryable:
        """Throw a damaged mirror away. Returns the error to raise."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return Retryable(
            f"The mirror {self.folder} was damaged and is thrown away.",
            "The next run fetches everything again.",
        )

    # -- reading ---------------------------------------------------------------------------------------

    def shallow(self) -> set[str]:
        """The commits whose parents are not here although they have some."""
        path = self.folder / "shallow"
        return set(path.read_text(encoding="ascii").split()) if path.exists() else set()

    def tree(self, commit: str) -> list[Entry]:
        """Every file and folder of the commit, in git's order."""
        entries = []
        for line in self._git("ls-tree", "-r", "-t", "-z", "--full-tree", commit).split(b"\0"):
            if line:
                meta, path = line.split(b"\t", 1)
                mode, _kind, oid = meta.decode().split()
                entries.append(Entry(path, mode, oid))
        return entries

    def sizes(self, ids: Sequence[str]) -> dict[str, int]:
        """Id -> bytes, of those that are here."""
        if not ids:
            return {}
        asked = "".join(f"{oid}\n" for oid in ids).encode()
        lines = self._git("cat-file", "--batch-check", "--buffer", stdin=asked).decode().splitlines()
        return {parts[0]: int(parts[2]) for parts in map(str.split, lines) if len(parts) == 3}

    def contents(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        """Each id of `sizes` with its content; not more than some megabytes are held at a time."""
        chunk: list[str] = []
        held = 0
        for oid, size in sizes.items():
            if chunk and held + size > CHUNK_BYTES:
                yield from self.objects(chunk)
                chunk, held = [], 0
            chunk.append(oid)
            held += size
        yield from self.objects(chunk)

    def objects(self, ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Each id with its content, in the order asked for. Raises GitFailed for one that is not here."""
        if not ids:
            return
        output = self._git(
            "cat-file", "--batch", "--buffer", stdin="".join(f"{one}\n" for one in ids).encode()
        )
        position = 0
        for one in ids:
            end = output.index(b"\n", position)
            header = output[position:end].split()
            if len(header) != 3:
                raise GitFailed(f"The mirror has no object {one}.", "", "missing object")
            start, size = end + 1, int(header[2])
            yield one, output[start : start + size]
            position = start + size + 1

    def read(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Standard output of a git command on the mirror."""
        return self._git(*arguments, stdin=stdin)

    def _git(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        return git(
            *arguments,
            timeout=READ_TIMEOUT,
            directory=self.folder,
            stdin=stdin,
            cancelled=self._cancelled,
        )


class CannotPick(GitFailed):
    """The server does not send single objects. The mirror was made anew and takes everything from now on."""
