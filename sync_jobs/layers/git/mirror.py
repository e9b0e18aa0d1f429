"""A bare mirror of the landing zone repository in the home, and what can be read from it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from app.errors import Retryable
from sync_jobs.layers.git.program import GitFailed, git

HEAD_REF = "refs/portal/head"
FETCH_TIMEOUT = 900.0
READ_TIMEOUT = 300.0


@dataclass(frozen=True)
class TreeFile:
    """A file of the synced commit. `content` is None where it was not asked for."""

    path: bytes
    mode: str
    blob: str
    size: int
    content: bytes | None = None


@dataclass(frozen=True)
class CommitRecord:
    """A commit object as git stores it, and the paths it touches against its first parent."""

    sha: str
    body: bytes
    paths: tuple[bytes, ...]


class Mirror:
    """The mirror under `folder`. Only the run that holds the git layer's lease may use it."""

    def __init__(self, folder: Path, cancelled: threading.Event | None = None) -> None:
        self.folder = folder
        self._cancelled = cancelled

    def fetch(self, url: str, ref: str) -> str:
        """Bring `ref` of `url` here, whatever was here before. Returns the commit's id."""
        self._prepare(url)
        arguments = (
            "--no-tags",
            "--no-recurse-submodules",
            "--force",
            "--no-write-fetch-head",
            "--no-auto-maintenance",
        )
        self._git("fetch", "--quiet", *arguments, "--", url, f"+{ref}:{HEAD_REF}", timeout=FETCH_TIMEOUT)
        return self._git("rev-parse", "--verify", "--quiet", f"{HEAD_REF}^{{commit}}").decode().strip()

    def files(self, commit: str, with_content_up_to: int) -> list[TreeFile]:
        """Every file of the commit; links and submodules without content."""
        listed = list(self._tree(commit))
        wanted = [
            file.blob for file in listed if file.mode.startswith("100") and file.size <= with_content_up_to
        ]
        contents = dict(zip(wanted, self._objects(wanted), strict=True))
        return [
            TreeFile(file.path, file.mode, file.blob, file.size, contents.get(file.blob))
            if file.mode.startswith("100")
            else file
            for file in listed
        ]

    def commits(self, head: str, at_most: int) -> list[CommitRecord]:
        """The newest commits that lead to `head`, oldest first."""
        listed = (
            self._git("rev-list", "--parents", "--topo-order", f"--max-count={at_most}", head)
            .decode()
            .splitlines()
        )
        lines = [line.split()[:2] for line in reversed(listed)]
        shas = [line[0] for line in lines]
        paths = self._paths(lines)
        return [
            CommitRecord(sha, body, paths.get(sha, ()))
            for sha, body in zip(shas, self._objects(shas), strict=True)
        ]

    def _tree(self, commit: str) -> Iterator[TreeFile]:
        for entry in self._git("ls-tree", "-r", "-z", "--long", commit).split(b"\0"):
            if entry:
                meta, path = entry.split(b"\t", 1)
                mode, _kind, blob, size = meta.decode().split()
                yield TreeFile(path, mode, blob, 0 if size == "-" else int(size))

    def _objects(self, ids: Sequence[str]) -> Iterator[bytes]:
        """Contents in the order asked for."""
        output = self._git("cat-file", "--batch", stdin="".join(f"{one}\n" for one in ids).encode())
        position = 0
        for one in ids:
            end = output.index(b"\n", position)
            header = output[position:end].split()
            if len(header) != 3:
                raise GitFailed(f"The mirror has no object {one}.", "", "missing object")
            start, size = end + 1, int(header[2])
            yield output[start : start + size]
            position = start + size + 1

    def _paths(self, lines: Sequence[Sequence[str]]) -> dict[str, tuple[bytes, ...]]:
        """Paths per commit. Oldest first: then no path can be named like the commit that comes next."""
        asked = "".join(" ".join(line) + "\n" for line in lines).encode()
        output = self._git(
            "diff-tree", "--stdin", "-r", "-z", "--name-only", "--root", "--no-renames", stdin=asked
        )
        found: dict[str, list[bytes]] = {}
        shas = iter([line[0] for line in lines])
        upcoming = next(shas, None)
        current: list[bytes] = []
        for token in output.split(b"\0"):
            if upcoming is not None and token == upcoming.encode():
                current = found.setdefault(upcoming, [])
                upcoming = next(shas, None)
            elif token:
                current.append(token)
        return {sha: tuple(paths) for sha, paths in found.items()}

    def _prepare(self, url: str) -> None:
        """Make the mirror, or make it anew when it is of another repository; sweep what a killed run left."""
        marker = self.folder / "portal-url"
        digest = sha256(url.encode()).hexdigest()  # not the address itself: it may hold a token
        if not marker.is_file() or marker.read_text(encoding="utf-8") != digest:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            git("init", "--bare", "--quiet", "--template=", str(self.folder))
            marker.write_text(digest, encoding="utf-8")
        for pattern in ("**/*.lock", "objects/pack/tmp_*", "objects/**/tmp_obj_*"):
            for left in self.folder.glob(pattern):
                left.unlink(missing_ok=True)

    def discard(self) -> Retryable:
        """Throw a damaged mirror away. Returns the error to raise."""
        shutil.rmtree(self.folder, ignore_errors=True)
        return Retryable(
            f"The mirror {self.folder} was damaged and is thrown away.",
            "The next run fetches everything again.",
        )

    def _git(self, *arguments: str, timeout: float = READ_TIMEOUT, stdin: bytes | None = None) -> bytes:
        return git(*arguments, timeout=timeout, directory=self.folder, stdin=stdin, cancelled=self._cancelled)
