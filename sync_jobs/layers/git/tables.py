"""Puts the git tables where readers find them, all of a sync at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from sync_jobs.layers.git import known, normalise
from sync_jobs.layers.git.extract import IMAGE_LIMIT, Past, Snapshot
from sync_jobs.layers.git.kinds import kind_of, text_of
from sync_jobs.layers.git.known import Known
from sync_jobs.layers.git.normalise import Row, Rows
from sync_jobs.layers.git.plan import SYNCED

if TYPE_CHECKING:
    from sync_jobs.layers.base import RunContext

NAME = "git"
ROWS_PER_GROUP = 20_480
VERSIONS_PER_GROUP = 512  # each holds a whole text: a reader that wants one path opens little


@dataclass
class Tables:
    """Everything of one sync. A table of `hot` is exchanged whole; files of `cold` wait in the run's folder."""

    hot: dict[str, list[Row]] = field(default_factory=dict)
    cold: dict[str, pa.Table] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def first(rows: Rows, past: Past, run_id: str) -> Tables:
    """What is shown of a first sync at once: the files, and the commit they are of."""
    commits, errors = normalise.commit_rows(past, rows.snapshot.branch, run_id)
    return Tables({"git_files": rows.files, "git_commits": commits}, errors=errors)


def everything(rows: Rows, past: Past, run_id: str) -> Tables:
    """All tables."""
    made = first(rows, past, run_id)
    made.cold = {
        "git_versions": normalise.version_table(past, run_id),
        "git_images": normalise.image_table(rows.snapshot, run_id),
        "git_terms": normalise.term_table(rows.files, run_id),
    }
    made.details = {"commits": len(past.history.commits)}
    if past.history.cut:
        made.details["oldest_commit_listed"] = past.history.line[0].sha
    return made


def terraform_files(snapshot: Snapshot) -> tuple[dict[str, str], list[str]]:
    """Path -> text of the synced Terraform files, and the paths of those whose text cannot be read."""
    texts, unread = {}, []
    for one in snapshot.files:
        if one.status == SYNCED and kind_of(one.path) == "terraform":
            text = text_of(snapshot.contents.get(one.oid))
            if text is None:
                unread.append(one.path)
            else:
                texts[one.path] = text
    return texts, unread


def unread_terraform(paths: list[str]) -> list[str]:
    """A sentence about Terraform files that are published, but not read for resources."""
    limit = IMAGE_LIMIT // 1024**2
    return [
        f"{path} was not read for resources: it is not UTF-8 text of {limit} MB or less." for path in paths
    ]


def write(made: Tables, ctx: RunContext, name: str) -> dict[str, list[str]]:
    """The Parquet files of a sync, in the cache but not published. Table -> files."""
    folder = ctx.cache.workspace(NAME)
    files = {}
    for table, content in made.cold.items():
        path = folder / f"{table}.parquet"
        size = VERSIONS_PER_GROUP if table in {"git_versions", "git_images"} else ROWS_PER_GROUP
        pq.write_table(content, path, compression="zstd", row_group_size=size)
        files[table] = [ctx.cache.adopt(path, f"{table}/{ctx.run_id}-{name}.parquet")]
    return files


def publish(made: Tables, files: Mapping[str, list[str]], state: Known, ctx: RunContext) -> None:
    """Make all of it current. Call it inside a transaction that has checked the lease."""
    for table, rows in made.hot.items():
        ctx.cache.state.replace(table, rows)
    known.save(ctx.cache, state)
    ctx.cache.publish(ctx.lease, files, {known.KEY: state.head})
