"""Makes the sample landing zone repository: a bare Git repository with the same commits for the same year."""

from __future__ import annotations

import shutil
from pathlib import Path

from sync_jobs.layers.git.program import git
from sync_jobs.sample.commits import COMMITS, Commit
from sync_jobs.sample.organisation import DOMAIN, PEOPLE
from sync_jobs.sample.timeline import Year

BRANCH = "main"
SOURCE = Path(__file__).parent / "landing_zone"


def make_repository(dest: Path, year: Year) -> Path:
    """A bare repository at `dest` (replaced if there). Raises Permanent when git is missing or fails."""
    shutil.rmtree(dest, ignore_errors=True)
    dest.parent.mkdir(parents=True, exist_ok=True)
    git("init", "--bare", "--quiet", "--template=", str(dest))
    git("symbolic-ref", "HEAD", f"refs/heads/{BRANCH}", directory=dest)
    git("fast-import", "--quiet", directory=dest, stdin=b"".join(_stream(year)))
    return dest


def _stream(year: Year) -> list[bytes]:
    """What `git fast-import` reads: all commits, oldest first."""
    files = _first_versions()
    parts: list[bytes] = []
    for commit in COMMITS:
        at = min(year.day(commit.day).replace(hour=9 + commit.author % 8), year.end)
        name = PEOPLE[commit.author]
        person = f"{name.replace('.', ' ').title()} <{name}@{DOMAIN}> {int(at.timestamp())} +0000\n"
        message = commit.message.encode()
        parts.append(f"commit refs/heads/{BRANCH}\nauthor {person}committer {person}".encode())
        parts.append(b"data %d\n%b\n" % (len(message), message))
        for path in _touched(commit, files):
            content = files[path].encode()
            parts.append(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
        parts.append(b"\n")
    return parts


def _touched(commit: Commit, files: dict[str, str]) -> list[str]:
    """Paths of the commit; applies its edits to `files`."""
    paths = [path for path in files if any(_within(path, add) for add in commit.adds)]
    for edit in commit.edits:
        files[edit.path] = _replaced(files[edit.path], edit.before, edit.after, edit.path)
        paths.append(edit.path)
    return sorted(set(paths))


def _within(path: str, added: str) -> bool:
    return path.startswith(added) if added.endswith("/") else path == added


def _first_versions() -> dict[str, str]:
    """Every file as it was when it was added: today's text with all later edits taken back."""
    files = {
        path.relative_to(SOURCE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file()
    }
    for commit in reversed(COMMITS):
        for edit in reversed(commit.edits):
            files[edit.path] = _replaced(files[edit.path], edit.after, edit.before, edit.path)
    return files


def _replaced(text: str, old: str, new: str, path: str) -> str:
    if old not in text:
        raise ValueError(f"{path} has no {old!r}")
    return text.replace(old, new, 1)
