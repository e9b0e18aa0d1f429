"""Puts the git tables where readers find them, all of a sync at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.errors import PortalError
from sync_jobs.layers.git import known, normalise
from sync_jobs.layers.git.extract import IMAGE_LIMIT, Past, Snapshot
from sync_jobs.layers.git.kinds import kind_of, text_of
from sync_jobs.layers.git.known import Known
from sync_jobs.layers.git.normalise import Row, Rows
from sync_jobs.terraform import declared
from sync_jobs.terraform.sources import state_documents

if TYPE_CHECKING:
    from sync_jobs.layers.base import RunContext

NAME = "git"
ROWS_PER_GROUP = 20_480
VERSIONS_PER_GROUP = 512  # each holds a whole text: a reader that wants one path opens little


COLD = ("git_versions", "git_images", "git_terms")


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


def everything(rows: Rows, past: Past, ctx: RunContext) -> Tables:
    """All tables."""
    run_id = ctx.run_id
    made = first(rows, past, run_id)
    _declare(made, rows.snapshot, ctx)
    made.cold = {
        "git_versions": normalise.version_table(past, run_id),
        "git_images": normalise.image_table(rows.snapshot, run_id),
        "git_terms": normalise.term_table(rows.files, run_id),
    }
    made.details["commits"] = len(past.history.commits)
    if past.history.cut:
        made.details["oldest_commit_listed"] = past.history.line[0].sha
    return made


def _declare(made: Tables, snapshot: Snapshot, ctx: RunContext) -> None:
    """Add the rows of `declared_resources` and an account of the Terraform files.

    A state or plan that cannot be read is told; the files of the repository still count.
    """
    texts: dict[str, str] = {}
    for one in snapshot.files:
        if one.is_read and kind_of(one.path) == "terraform":
            text = text_of(snapshot.contents.get(one.oid))
            if text is None:
                made.errors.append(
                    f"{one.path} was not read for resources: it is not UTF-8 text of {IMAGE_LIMIT // 1024**2} MB or less."
                )
            else:
                texts[one.path] = text
    documents = []
    folder = ctx.cache.workspace(NAME)
    for name in ctx.settings.terraform_state:
        try:
            found = state_documents([name], folder)
            declared.rows({}, snapshot.head, ctx.run_id, found)
            documents += found
        except PortalError as error:
            made.errors.append(f"{error.message} Its resources are declared as the files alone say.")
    rows = declared.rows(texts, snapshot.head, ctx.run_id, documents)
    made.hot["declared_resources"] = rows
    made.details["declared"] = declared.accounting(rows, texts)


def write(made: Tables, ctx: RunContext, name: str) -> dict[str, list[str]]:
    """The Parquet files of a sync, in the cache but not published. Table -> files."""
    folder = ctx.cache.workspace(NAME)
    files: dict[str, list[str]] = {table: [] for table in COLD}
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
