"""A snapshot of the repository to rows of the git tables. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from app.schema import tables
from sync_jobs.layers.git import search_index
from sync_jobs.layers.git.extract import TEXT_LIMIT, Past, Snapshot
from sync_jobs.layers.git.history import CommitRecord
from sync_jobs.layers.git.kinds import headings, image_type, kind_of, text_of
from sync_jobs.layers.git.names import shown
from sync_jobs.layers.git.plan import REFUSED, SYNCED, Planned
from sync_jobs.store.bigquery_parquet import arrow_schema

Row = dict[str, object]

_PERSON = re.compile(rb"^(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<at>-?\d+) [+-]\d{4}$")


@dataclass(frozen=True)
class Rows:
    """Rows of `git_files`, and what was refused, one sentence each."""

    snapshot: Snapshot
    files: list[Row]
    refused: list[str] = field(default_factory=list)


def normalise(snapshot: Snapshot, run_id: str) -> Rows:
    """Rows of the files."""
    files = [_file_row(one, snapshot, run_id) for one in snapshot.files]
    refused = [refusal(one.path, one.reason) for one in snapshot.files if one.status == REFUSED]
    return Rows(snapshot, files, refused)


def refusal(path: str, reason: str | None) -> str:
    """One sentence for the errors of a run."""
    return f"{''.join(c if c.isprintable() else '?' for c in path)} was not synced: {reason}."


def _file_row(one: Planned, snapshot: Snapshot, run_id: str) -> Row:
    size = snapshot.sizes.get(one.oid)
    content = (
        snapshot.contents.get(one.oid) if one.is_read and size is not None and size <= TEXT_LIMIT else None
    )
    kind, text = kind_of(one.path), text_of(content)
    found = headings(text) if text is not None and kind == "doc" else []
    return {
        "path": one.path,
        "kind": kind,
        "size_bytes": size,
        "blob_sha": one.oid,
        "title": found[0] if found else None,
        "text": text,
        "target": one.target,
        "status": one.status,
        "reason": one.reason,
        "commit_sha": snapshot.head,
        "run_id": run_id,
    }


def commit_rows(past: Past, branch: str, run_id: str) -> tuple[list[Row], list[str]]:
    """Rows of `git_commits`, and what is wrong with those that cannot be listed."""
    rows, errors = [], []
    for record in past.history.commits:
        row = _commit_row(record, branch, run_id)
        if row is None:
            errors.append(f"Commit {record.sha} has no readable committer; it is not listed.")
        else:
            rows.append(row)
    return rows, errors


def _commit_row(record: CommitRecord, branch: str, run_id: str) -> Row | None:
    head, _, message = record.body.partition(b"\n\n")
    lines = [line.split(b" ", 1) for line in head.split(b"\n") if b" " in line]
    fields = dict(reversed(lines))
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
        "position": record.position,
        "parents": [value.decode() for name, value in lines if name == b"parent"],
        "committed_at": at,
        "author": author["name"].decode("utf-8", "replace"),
        "author_email": author["email"].decode("utf-8", "replace"),
        "message": message.decode("utf-8", "replace").strip(),
        "branch": branch,
        "files_changed": [shown(entry.path) for entry in record.changes],
        "run_id": run_id,
    }


def version_table(past: Past, run_id: str) -> pa.Table:
    """Rows of `git_versions`, by path."""
    rows = []
    for span in past.spans:
        path = shown(span.entry.path)
        rows.append(
            {
                "path": path,
                "kind": kind_of(path),
                "from_position": span.start,
                "until_position": span.until,
                "from_commit": span.commit,
                "blob_sha": span.entry.oid,
                "size_bytes": past.sizes.get(span.entry.oid),
                "text": text_of(past.texts.get(span.entry.oid)),
                "run_id": run_id,
            }
        )
    return pa.Table.from_pylist(rows, schema=arrow_schema(tables()["git_versions"]))


def image_table(snapshot: Snapshot, run_id: str) -> pa.Table:
    """Rows of `git_images`."""
    rows = []
    for one in snapshot.files:
        content = snapshot.contents.get(one.oid) if one.status == SYNCED else None
        kind = image_type(one.path, content) if content is not None else None
        if content is not None and kind is not None:
            rows.append(
                {
                    "path": one.path,
                    "media_type": kind,
                    "size_bytes": len(content),
                    "content": content,
                    "commit_sha": snapshot.head,
                    "run_id": run_id,
                }
            )
    return pa.Table.from_pylist(rows, schema=arrow_schema(tables()["git_images"]))


def term_table(files: list[Row], run_id: str) -> pa.Table:
    """Rows of `git_terms`, from the rows of the synced files that have a text."""
    documents = [(str(row["path"]), str(row["text"])) for row in files if row["text"] is not None]
    return search_index.weights(documents, run_id)
