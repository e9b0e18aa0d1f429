"""One snapshot against the state before it: the new state, and what changed.

Everything is SQL over Parquet in the run's folder. A change is a difference of content, not of spelling: rows whose hash
differs are compared again with their keys sorted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import orjson

from sync_jobs.applying import streamed
from sync_jobs.layers.assets.literals import assets, literal, parquet
from sync_jobs.layers.assets.normalise import CONTENT, content_hash, rows
from sync_jobs.layers.assets.scopes import Coverage, under
from sync_jobs.layers.assets.survey import Survey

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 20_480
PARQUET = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, STRING_DICTIONARY_PAGE_SIZE_LIMIT 65536,"
    f" ROW_GROUP_SIZE {ROW_GROUP}"
)
BATCH = 5_000
# A sort of all content holds or spills it all. Large states are spread over files by asset type instead, in one pass:
# a question about a type still reads a small part, for Parquet keeps a Bloom filter of the types in each file.
SPREAD_FROM = 60_000
PART_ROWS = 30_000
MOST_PARTS = 16


@dataclass
class Work:
    """What a run of the layer works with. `old` lists the files of the state before, absolute."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    old: list[str]
    run_id: str
    read_time: datetime
    source: str  # import, api, feed or history
    coverage: Coverage | None = None  # of the API; a file's coverage is seen from its assets
    lists: bool = True  # whether the new snapshot tells what exists, so that what it lacks is gone
    streamed: int = 0  # assets that the stream changed since, in the table `streamed`
    applied: tuple[int, int] = (-1, -1)  # events were applied up to here when the run began

    def at(self) -> str:
        """The read time as a SQL literal."""
        return f"TIMESTAMPTZ '{self.read_time.isoformat()}'"

    def previous(self) -> str:
        """The state before, as a relation: the files, and on top of them what the stream of events changed."""
        return streamed.on_top(self.old) if self.streamed else assets(self.old)


def stage(work: Work, source: str, survey: Survey, whole_scope: str | None) -> Path:
    """The records of `source` as a sorted file of rows, with `first_seen` of those known before."""
    first_seen = work.at()
    join = ""
    if work.old:
        work.connection.execute(
            "CREATE OR REPLACE TEMP TABLE known AS SELECT name, first_seen, content_hash, project_id, ancestors,"
            f" {_in_scope(work, survey, whole_scope)} AS in_scope FROM {work.previous()} o"
        )
        first_seen, join = f"coalesce(k.first_seen, {work.at()})", "LEFT JOIN known k ON k.name = n.name"
    staged = state(
        work,
        f"SELECT n.*, {first_seen} AS first_seen, {work.at()} AS last_seen, '{work.run_id}' AS run_id"
        f" FROM ({rows(source)}) n {join}",
        "staged",
        survey.assets,
    )
    merged = _merged(work, staged)
    work.lists = work.lists and _lists_assets(work, merged)
    return merged


# An asset is listed once per related asset. Sorted and each once: the same relationships are the same content.
_ALL_RELATED = (
    "to_json(list_sort(list_distinct(flatten(list(CAST(related_assets AS JSON[]))"
    " FILTER (related_assets IS NOT NULL)))))"
)


def _merged(work: Work, staged: Path) -> Path:
    """One row per name: content types of one asset together; of the same content type the newest counts."""
    count, names = work.connection.sql(
        f"SELECT count(*), count(DISTINCT name) FROM {parquet(files(staged))}"
    ).fetchall()[0]
    if count == names:
        return staged
    order = "coalesce(update_time, TIMESTAMPTZ '1970-01-01')"
    columns = [
        column[0] for column in work.connection.sql(f"DESCRIBE FROM {parquet(files(staged))}").fetchall()
    ]
    newest = ", ".join(
        f"arg_max({c}, {order}) FILTER ({c} IS NOT NULL) AS {c}"
        for c in columns
        if c not in ("name", "content_hash", "display_name", "related_assets")
    )
    # Without its resource an asset is called by the end of its name: that must not win over its real name.
    newest += (
        f", coalesce(arg_max(display_name, {order}) FILTER (resource IS NOT NULL),"
        f" arg_max(display_name, {order}) FILTER (display_name IS NOT NULL)) AS display_name"
    )
    newest += f", {_ALL_RELATED} AS related_assets"
    return state(
        work,
        f"SELECT * REPLACE ({content_hash()} AS content_hash) FROM ("
        f"SELECT {', '.join(_in_order(columns))} FROM (SELECT name, NULL AS content_hash, {newest}"
        f" FROM {parquet(files(staged))} GROUP BY name))",
        "merged",
        names,
    )


def _in_order(columns: list[str]) -> list[str]:
    return [f"CAST({c} AS VARCHAR) AS {c}" if c == "content_hash" else c for c in columns]


def _in_scope(work: Work, survey: Survey, whole_scope: str | None) -> str:
    """Whether an asset of the state before is in what the new snapshot covers."""
    if work.coverage is not None:
        return work.coverage.told("o", CONTENT)
    if whole_scope == "all":
        return "true"
    scopes = {whole_scope} if whole_scope else set(survey.scope)
    by_id = {scope.removeprefix("projects/") for scope in scopes if scope.startswith("projects/")}
    listed, projects = _list(scopes), _list(by_id | survey.projects)
    return f"(list_has_any(coalesce(ancestors, []), {listed}) OR coalesce(project_id IN {projects}, false))"


def _list(values: set[str] | frozenset[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in sorted(values))
    return f"[{quoted}]::VARCHAR[]" if quoted else "[]::VARCHAR[]"


def carried(work: Work, staged: Path) -> Path | None:
    """Assets of the state before that the snapshot does not speak of: outside its scope, or not listed by it."""
    if not work.old:
        return None
    keep = "NOT k.in_scope" if work.lists else "true"
    at_most = work.connection.sql(f"SELECT count(*) FROM known k WHERE {keep}").fetchall()[0][0]
    if not at_most:
        return None
    target = state(
        work,
        f"SELECT o.* FROM {work.previous()} o JOIN known k ON k.name = o.name AND ({keep})"
        f" ANTI JOIN {parquet(files(staged))} s ON s.name = o.name",
        "carried",
        at_most,
    )
    return target if files(target) and count(work, target) else None


def _lists_assets(work: Work, staged: Path) -> bool:
    """A snapshot with resources, or with bare assets, tells what exists; one of policies alone does not."""
    return any_row(
        work, parquet(files(staged)), f"resource IS NOT NULL OR coalesce({', '.join(CONTENT)}) IS NULL"
    )


def any_row(work: Work, relation: str, condition: str) -> bool:
    """Whether some row is so. Stops at the first one: counting would read all content."""
    return bool(work.connection.sql(f"SELECT 1 FROM {relation} WHERE {condition} LIMIT 1").fetchall())


def count(work: Work, part: Path) -> int:
    return int(work.connection.sql(f"SELECT count(*) FROM {parquet(files(part))}").fetchall()[0][0])


def changed(work: Work, staged: Path) -> tuple[Path | None, dict[str, int]]:
    """The rows of asset_changes between the state before and `staged`, and how many of each kind.

    The first snapshot of a scope is its baseline: nothing is known to have changed.
    """
    counts = {"created": 0, "updated": 0, "deleted": 0}
    if not work.old or (work.coverage is None and not any_row(work, "known", "in_scope")):
        return None, counts
    new = parquet(files(staged))
    gone = "k.in_scope AND n.name IS NULL" if work.lists else "false"
    work.connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE differing AS
        SELECT coalesce(n.name, k.name) AS name,
          CASE WHEN k.name IS NULL THEN 'created' WHEN n.name IS NULL THEN 'deleted' ELSE 'updated' END AS change_type
        FROM (SELECT name, content_hash FROM {new}) n FULL JOIN known k ON k.name = n.name
        WHERE k.name IS NULL OR (n.name IS NOT NULL AND n.content_hash <> k.content_hash) OR ({gone})""")
    work.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE was AS SELECT * FROM {work.previous()} WHERE name IN (SELECT name FROM differing)"
    )
    work.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE now_is AS SELECT * FROM {new} WHERE name IN (SELECT name FROM differing)"
    )
    if work.coverage:
        _drop_baseline(work, work.coverage.scopes)
    _drop_respelled(work.connection)
    found = work.connection.sql("SELECT change_type, count(*) FROM differing GROUP BY 1").fetchall()
    counts.update({kind: int(number) for kind, number in found})
    if not sum(counts.values()):
        return None, counts
    target = work.folder / "changes.parquet"
    work.connection.execute(
        f"COPY ({change_rows(work)} ORDER BY date, project_id, asset_type) TO {literal(target)} ({PARQUET})"
    )
    return target, counts


def change_rows(
    work: Work,
    pairs: str = "differing d LEFT JOIN was o ON o.name = d.name LEFT JOIN now_is n ON n.name = d.name",
) -> str:
    """Rows of asset_changes from pairs of before (o) and after (n)."""
    before, after = _content("o"), _content("n")
    differs = ", ".join(
        f"CASE WHEN CAST(o.{c} AS VARCHAR) IS DISTINCT FROM CAST(n.{c} AS VARCHAR) THEN '{c}' END"
        for c in (*CONTENT, "ancestors")
    )
    last = "(n.name, o.name)"
    both = {
        c: f"coalesce(n.{c}, o.{c})"
        for c in ("asset_type", "project_id", "folder", "location", "display_name")
    }
    moment = (
        f"CASE WHEN n.update_time > o.last_seen AND n.update_time <= {work.at()} THEN n.update_time"
        f" WHEN o.name IS NULL AND n.update_time <= {work.at()} THEN n.update_time ELSE {work.at()} END"
    )
    return f"""
SELECT md5(concat_ws('|', d.name, d.change_type, coalesce(o.content_hash, ''), coalesce(n.content_hash, ''),
    CAST(epoch_us({work.at()}) AS VARCHAR))) AS change_id,
  CAST({moment} AS DATE) AS date, {moment} AS changed_at, {work.at()} AS observed_at, coalesce{last} AS name,
  {", ".join(f"{value} AS {column}" for column, value in both.items())},
  d.change_type, CASE WHEN d.change_type = 'updated' THEN list_filter([{differs}], lambda x: x IS NOT NULL)
    ELSE []::VARCHAR[] END AS changed_fields,
  CAST(NULL AS VARCHAR) AS actor, '{work.source}' AS source,
  CASE WHEN o.name IS NOT NULL THEN {before} END AS before, CASE WHEN n.name IS NOT NULL THEN {after} END AS after,
  '{work.run_id}' AS run_id
FROM {pairs}"""


def _content(side: str) -> str:
    """The content of one side of a change, as one JSON object."""
    pairs = ", ".join(f"'{column}', {side}.{column}" for column in (*CONTENT, "ancestors"))
    return f"json_object({pairs})"


def _drop_baseline(work: Work, scopes: Sequence[str]) -> None:
    """Take out of `differing` what is first seen with its whole scope: it is not known to be new."""
    known = [scope for scope in scopes if any_row(work, f"{work.previous()} o", under([scope], "o"))]
    if fresh := [scope for scope in scopes if scope not in known]:
        first = f"{under(fresh, 'n')} AND NOT {under(known, 'n')}"
        work.connection.execute(
            "DELETE FROM differing WHERE change_type = 'created'"
            f" AND name IN (SELECT n.name FROM now_is n WHERE {first})"
        )


def _drop_respelled(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out of `differing` what is the same with its keys in order. Only rows whose hash differs come here."""
    content = ", ".join(f"CAST({side}.{c} AS VARCHAR)" for c in CONTENT for side in ("o", "n"))
    reader = connection.sql(
        f"SELECT d.name, CAST(o.ancestors AS VARCHAR), CAST(n.ancestors AS VARCHAR), {content} FROM differing d"
        " JOIN was o ON o.name = d.name JOIN now_is n ON n.name = d.name WHERE d.change_type = 'updated'"
    ).to_arrow_reader(BATCH)
    same = [name for batch in reader for name in _same_content(batch)]
    if same:
        connection.execute("DELETE FROM differing WHERE name IN (SELECT unnest($names))", {"names": same})


def _same_content(batch: pa.RecordBatch) -> Iterator[str]:
    columns = [column.to_pylist() for column in batch.columns]
    for name, *values in zip(*columns, strict=True):
        pairs = zip(values[0::2], values[1::2], strict=True)
        if all(old == new or _sorted(old) == _sorted(new) for old, new in pairs):
            yield name


def _sorted(text: str | None) -> bytes | None:
    if text is None or not text.startswith(("{", "[{")):
        return text.encode() if text is not None else None
    return orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)


def files(part: Path) -> list[str]:
    """The Parquet files of a part of the state: itself, or those in its folder."""
    found = sorted(part.rglob("*.parquet")) if part.is_dir() else [part]
    return [str(file) for file in found]


def state(work: Work, select: str, name: str, at_most: int) -> Path:
    """Rows of the state as Parquet: one sorted file, or, of many rows, a folder of files by asset type."""
    if at_most < SPREAD_FROM:
        target = work.folder / f"{name}.parquet"
        work.connection.execute(
            f"COPY ({select} ORDER BY asset_type, project_id) TO {literal(target)} ({PARQUET})"
        )
        return target
    target, parts = work.folder / name, min(MOST_PARTS, -(-at_most // PART_ROWS))
    work.connection.execute(f"SET partitioned_write_flush_threshold = {ROW_GROUP}")
    work.connection.execute(
        f"COPY (SELECT *, hash(asset_type) % {parts} AS part FROM ({select})) TO {literal(target)}"
        f" ({PARQUET}, PARTITION_BY (part))"
    )
    return target
