"""Asset changes (TemporalAsset: history answers, feed messages) put on top of the state before, in order of time.

Each content type of an asset keeps its own last value; a delete ends a life, and what comes after starts a new one. News
that is older than what is known of an asset is left out: older never overwrites newer.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from sync_jobs.layers.assets.days import SLIM, written_days
from sync_jobs.layers.assets.normalise import CONTENT, changes, rows
from sync_jobs.layers.assets.snapshot import PARQUET, Work, change_rows, parquet
from sync_jobs.store.cache import Cache

_CARRIED = ("ancestors", "location", "display_name", "state", "labels", "create_time", "project_id", "project_number",
            "folder", "organization")  # fmt: skip


def versions(work: Work, source: str) -> int:
    """The temp table `versions`: every state of every asset named in `source`, with its `moment`. Returns how many news."""
    connection = work.connection
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE news AS {rows('(' + changes(source) + ')', 'deleted, moment')}"  # noqa: S608
    )
    connection.execute(f"DELETE FROM news WHERE moment > {work.at()}")
    before = (
        f"SELECT *, false AS deleted, last_seen AS moment, true AS known FROM {work.previous()}"  # noqa: S608
        " WHERE name IN (SELECT name FROM news)"
    )
    columns = [c[0] for c in connection.sql("DESCRIBE FROM news").fetchall() if c[0] not in ("deleted", "moment")]
    listed = ", ".join(columns)
    union = f"SELECT {listed}, deleted, moment, false AS known, NULL AS first_seen, NULL AS last_seen FROM news"  # noqa: S608
    if work.old:
        union = f"SELECT {listed}, deleted, moment, known, first_seen, last_seen FROM ({before}) UNION ALL {union}"  # noqa: S608
    filled = ", ".join(
        f"last_value({c} IGNORE NULLS) OVER life AS {c}" for c in (*CONTENT, *_CARRIED)
    )
    content = ", ".join((*CONTENT, "ancestors"))
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE versions AS
WITH a AS (SELECT *, max(CASE WHEN known THEN moment END) OVER (PARTITION BY name) AS known_at FROM ({union})),
b AS (SELECT *, coalesce(sum(CAST(deleted AS INTEGER)) OVER (PARTITION BY name ORDER BY moment, known DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS life FROM a WHERE known OR known_at IS NULL OR moment > known_at),
c AS (SELECT * REPLACE ({_windowed(filled)}) FROM b
    WINDOW life AS (PARTITION BY name, life ORDER BY moment, known DESC))
SELECT * REPLACE (CAST(hash({content}) AS VARCHAR) AS content_hash),
  row_number() OVER (PARTITION BY name ORDER BY moment, known DESC) AS nth,
  lead(moment) OVER (PARTITION BY name ORDER BY moment, known DESC) AS until
FROM c""")  # noqa: S608
    return int(connection.sql("SELECT count(*) FROM versions WHERE NOT known").fetchall()[0][0])


def _windowed(filled: str) -> str:
    return filled


def history_changes(work: Work) -> tuple[Path | None, dict[str, int]]:
    """The rows of asset_changes, from each version and the one before it."""
    connection = work.connection
    content = " AND ".join(f"CAST(o.{c} AS VARCHAR) IS NOT DISTINCT FROM CAST(n.{c} AS VARCHAR)" for c in (*CONTENT, "ancestors"))
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT n.name AS name, n.moment AS moment, o.nth AS before_nth, CASE WHEN n.deleted THEN NULL ELSE n.nth END AS after_nth,
  CASE WHEN n.deleted THEN 'deleted' WHEN o.name IS NULL THEN 'created' ELSE 'updated' END AS change_type
FROM versions n LEFT JOIN versions o ON o.name = n.name AND o.nth = n.nth - 1 AND NOT o.deleted
WHERE NOT n.known AND NOT (n.deleted AND o.name IS NULL) AND NOT (NOT n.deleted AND o.name IS NOT NULL AND {content})""")  # noqa: S608
    counts = {"created": 0, "updated": 0, "deleted": 0}
    counts.update(dict(connection.sql("SELECT change_type, count(*) FROM pairs GROUP BY 1").fetchall()))
    if not sum(counts.values()):
        return None, counts
    joined = (
        "pairs d LEFT JOIN versions o ON o.name = d.name AND o.nth = d.before_nth"
        " LEFT JOIN versions n ON n.name = d.name AND n.nth = d.after_nth"
    )
    target = work.folder / "changes.parquet"
    select = (
        "SELECT * REPLACE (md5(concat_ws('|', name, change_type, CAST(epoch_us(moment) AS VARCHAR))) AS change_id,"  # noqa: S608
        f" CAST(moment AS DATE) AS date, moment AS changed_at) FROM ({change_rows(work, joined).replace('SELECT md5', 'SELECT d.moment AS moment, md5', 1)})"
    )
    connection.execute(f"COPY (SELECT * EXCLUDE (moment) FROM ({select}) ORDER BY date, project_id) TO '{target}' ({PARQUET})")  # noqa: S608
    return target, counts


def latest(work: Work) -> Path:
    """The new state: assets not in the news as they were, the others in their last version unless deleted."""
    target = work.folder / "latest.parquet"
    columns = [
        c[0] for c in work.connection.sql("DESCRIBE FROM versions").fetchall()
        if c[0] not in ("deleted", "moment", "known", "known_at", "life", "nth", "until", "first_seen", "last_seen")
    ]  # fmt: skip
    listed = ", ".join(columns)
    now = (
        f"SELECT {listed}, coalesce(first_seen, min(moment) OVER (PARTITION BY name, life)) AS first_seen,"  # noqa: S608
        f" {work.at()} AS last_seen, '{work.run_id}' AS run_id, deleted, until FROM versions"
    )
    kept = ""
    if work.old:
        kept = (
            f" UNION ALL BY NAME SELECT * REPLACE ({work.at()} AS last_seen) FROM {work.previous()}"  # noqa: S608
            " WHERE name NOT IN (SELECT name FROM versions)"
        )
    work.connection.execute(
        f"COPY (SELECT * FROM (SELECT * EXCLUDE (deleted, until) FROM ({now}) WHERE until IS NULL AND NOT deleted{kept})"  # noqa: S608
        f" ORDER BY asset_type, project_id) TO '{target}' ({PARQUET})"
    )
    return target


def past_days(work: Work, cache: Cache, first: date, last: date) -> tuple[list[str], set[date]]:
    """Snapshots of the days from `first` to `last`, a month at a time. Returns new files and their days."""
    files: list[str] = []
    days: set[date] = set()
    slim = ", ".join(SLIM)
    connection = work.connection
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE spans AS
SELECT {slim}, CAST(moment AS DATE) AS since, coalesce(CAST(until AS DATE), DATE '9999-12-31') AS before
FROM versions WHERE NOT deleted""")  # noqa: S608
    if work.old:
        connection.execute(
            f"INSERT INTO spans SELECT {slim}, CAST(last_seen AS DATE), DATE '9999-12-31' FROM {work.previous()}"  # noqa: S608
            " WHERE name NOT IN (SELECT name FROM versions)"
        )
    while first <= last:
        end = min(last, (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        folder = work.folder / f"days-{first:%Y-%m}"
        connection.execute(f"""
COPY (SELECT CAST(d.day AS DATE) AS date, {slim} FROM spans,
    range(DATE '{first}', DATE '{end}' + INTERVAL 1 DAY, INTERVAL 1 DAY) d(day)
  WHERE since <= d.day AND d.day < before)
TO '{folder}' ({PARQUET}, PARTITION_BY (date))""")  # noqa: S608
        for path in sorted(folder.glob("date=*/*.parquet")):
            files.append(cache.adopt(path, f"asset_snapshots/{path.parent.name}/{work.run_id}-{path.stem}.parquet"))
        days |= written_days(folder)
        first = end + timedelta(days=1)
    return files, days


__all__ = ["history_changes", "latest", "parquet", "past_days", "versions"]
