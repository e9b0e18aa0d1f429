"""A snapshot of the repository to rows of `git_files` and `git_commits`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

from sync_jobs.layers.git.extract import Snapshot
from sync_jobs.layers.git.mirror import CommitRecord, TreeFile

Row = dict[str, object]

_DOCS = {".md", ".markdown", ".rst", ".adoc", ".txt"}
_TERRAFORM = {".tf", ".tfvars", ".hcl"}
_CONFIG = {".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".env", ".properties"}
_POLICY_FOLDERS = {"policies", "policy"}
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^(=+|-+)\s*$")
_PERSON = re.compile(rb"^(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<at>-?\d+) [+-]\d{4}$")


@dataclass(frozen=True)
class Rows:
    """What is stored, and what could not be read of the commits."""

    snapshot: Snapshot
    files: list[Row]
    commits: list[Row]
    errors: list[str]


def normalise(snapshot: Snapshot, run_id: str) -> Rows:
    """Rows of both tables."""
    files = [_file_row(file, snapshot.head, run_id) for file in snapshot.files]
    commits: list[Row] = []
    errors: list[str] = []
    for record in snapshot.commits:
        row = _commit_row(record, snapshot.branch, run_id)
        if row is None:
            errors.append(f"Commit {record.sha} has no readable committer; it is not listed.")
        else:
            commits.append(row)
    return Rows(snapshot, files, commits, errors)


def kind_of(path: str) -> str:
    """doc, terraform, policy, config or other."""
    pure = PurePosixPath(path)
    suffix, name = pure.suffix.lower(), pure.name.lower()
    if suffix in _TERRAFORM or name.endswith((".tf.json", ".tfvars.json")):
        return "terraform"
    if suffix == ".rego" or (
        _POLICY_FOLDERS & {part.lower() for part in pure.parts[:-1]} and suffix not in _DOCS
    ):
        return "policy"
    if suffix in _DOCS or name in {"readme", "license", "changelog"}:
        return "doc"
    if suffix in _CONFIG or name in {"dockerfile", "makefile", "codeowners", ".gitignore"}:
        return "config"
    return "other"


def title_of(text: str) -> str | None:
    """The first heading: `# Title`, or a line underlined with = or -. Code blocks do not count."""
    previous, fenced = "", False
    for line in text.splitlines()[:400]:
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            heading = _HEADING.match(line)
            if heading:
                return heading.group(1)[:200]
            if _UNDERLINE.match(line) and previous.strip() and previous.strip() != "---":
                return previous.strip()[:200]
        previous = line
    return None


def text_of(content: bytes | None) -> str | None:
    """The text, or None for what is not text in UTF-8."""
    if content is None or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _file_row(file: TreeFile, head: str, run_id: str) -> Row:
    path = file.path.decode("utf-8", "backslashreplace")
    kind, text = kind_of(path), text_of(file.content)
    return {
        "path": path,
        "kind": kind,
        "size_bytes": file.size,
        "blob_sha": file.blob,
        "title": title_of(text) if text is not None and kind == "doc" else None,
        "text": text,
        "status": "not_mapped",
        "commit_sha": head,
        "run_id": run_id,
    }


def _commit_row(record: CommitRecord, branch: str, run_id: str) -> Row | None:
    head, _, message = record.body.partition(b"\n\n")
    fields = dict(line.split(b" ", 1) for line in reversed(head.split(b"\n")) if b" " in line)
    author = _PERSON.match(fields.get(b"author", b""))
    committer = _PERSON.match(fields.get(b"committer", b""))
    if committer is None or author is None:
        return None
    try:
        at = datetime.fromtimestamp(int(committer["at"]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return {
        "commit_sha": record.sha,
        "committed_at": at,
        "author": author["name"].decode("utf-8", "replace"),
        "author_email": author["email"].decode("utf-8", "replace"),
        "message": message.decode("utf-8", "replace").strip(),
        "branch": branch,
        "files_changed": [path.decode("utf-8", "backslashreplace") for path in record.paths],
        "run_id": run_id,
    }
