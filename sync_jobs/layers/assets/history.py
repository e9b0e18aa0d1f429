"""Asset changes (TemporalAsset: history answers, feed messages) put on top of the state before, in order of time.

Each content type of an asset keeps its own last value; a delete ends a life, and what comes after starts a new one. News
that is older than what is known of an asset is left out: older never overwrites newer.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.manifest import SPANS
from sync_jobs.layers.assets.days import SLIM
from sync_jobs.layers.assets.literals import literal
from sync_jobs.layers.assets.normalise import CONTENT, changes, content_hash, rows
from sync_jobs.layers.assets.snapshot import PARQUET, Work, change_rows
from sync_jobs.store.cache import Cache

_CARRIED = ("ancestors", "location", "display_name", "state", "labels", "create_time", "project_id", "project_number",
            "folder", "organization")  # fmt: skip


def versions(work: Work, source: str) -> int:
    """The temp table `versions`: every state of every asset named in `source`, with its `moment`. Returns how many news."""
    read(work, source)
    work.connection.execute(f"DELETE FROM news WHERE moment > {work.at()}")
    return chained(work)


def read(work: Work, source: str) -> None:
    """The temp table `news`: the asset changes of `source` as rows of `assets`, with `deleted` and `moment`."""
    work.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE news AS {rows('(' + changes(source) + ')', 'deleted, moment')}"
    )
    # Without its resource an asset is called by the end of its name: that must not win over its real name.
    work.connection.execute("UPDATE news SET display_name = NULL WHERE resource IS NULL")


def chained(work: Work) -> int:
    """The temp table `versions`, from `news` on top of the state before. Returns how many of them are new."""
    connection = work.connection
    before = (
        f"SELECT *, false AS deleted, last_seen AS moment, true AS known FROM {work.previous()}"
        " WHERE name IN (SELECT name FROM news)"
    )
    columns = [
        c[0] for c in connection.sql("DESCRIBE FROM news").fetchall() if c[0] not in ("deleted", "moment")
    ]
    listed = ", ".join(columns)
    union = (
        f"SELECT {listed}, deleted, moment, false AS known, NULL AS first_seen, NULL AS last_seen FROM news"
    )
    if work.old:
        union = f"SELECT {listed}, deleted, moment, known, first_seen, last_seen FROM ({before}) UNION ALL {union}"
    filled = ", ".join(f"last_value({c} IGNORE NULLS) OVER life AS {c}" for c in (*CONTENT, *_CARRIED))
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE versions AS
WITH a AS (SELECT *, max(CASE WHEN known THEN moment END) OVER (PARTITION BY name) AS known_at FROM ({union})),
b AS (SELECT *, coalesce(sum(CAST(deleted AS INTEGER)) OVER (PARTITION BY name ORDER BY moment, known DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS life FROM a WHERE known OR known_at IS NULL OR moment > known_at),
c AS (SELECT * REPLACE ({filled}) FROM b
    WINDOW life AS (PARTITION BY name, life ORDER BY moment, known DESC))
SELECT * REPLACE ({content_hash()} AS content_hash,
    coalesce(display_name, regexp_extract(name, '[^/]+$')) AS display_name),
  row_number() OVER (PARTITION BY name ORDER BY moment, known DESC) AS nth,
  lead(moment) OVER (PARTITION BY name ORDER BY moment, known DESC) AS until
FROM c""")
    return int(connection.sql("SELECT count(*) FROM versions WHERE NOT known").fetchall()[0][0])


def paired(work: Work) -> dict[str, int]:
    """The temp table `pairs`: each version that differs from the one before it. Returns how many of each kind."""
    connection = work.connection
    content = " AND ".join(
        f"CAST(o.{c} AS VARCHAR) IS NOT DISTINCT FROM CAST(n.{c} AS VARCHAR)" for c in (*CONTENT, "ancestors")
    )
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT n.name AS name, n.moment AS moment, o.nth AS before_nth, CASE WHEN n.deleted THEN NULL ELSE n.nth END AS after_nth,
  CASE WHEN n.deleted THEN 'deleted' WHEN o.name IS NULL THEN 'created' ELSE 'updated' END AS change_type
FROM versions n LEFT JOIN versions o ON o.name = n.name AND o.nth = n.nth - 1 AND NOT o.deleted
WHERE NOT n.known AND NOT (n.deleted AND o.name IS NULL) AND NOT (NOT n.deleted AND o.name IS NOT NULL AND {content})""")
    counts = {"created": 0, "updated": 0, "deleted": 0}
    counts.update(dict(connection.sql("SELECT change_type, count(*) FROM pairs GROUP BY 1").fetchall()))
    return counts


def history_changes(work: Work) -> tuple[Path | None, dict[str, int]]:
    """The rows of asset_changes, from each version and the one before it."""
    counts = paired(work)
    if not sum(counts.values()):
        return None, counts
    target = work.folder / "changes.parquet"
    work.connection.execute(f"COPY ({told(work)} ORDER BY date, project_id) TO {literal(target)} ({PARQUET})")
    return target, counts


def told(work: Work) -> str:
    """The rows of asset_changes of the temp table `pairs`, as a SELECT."""
    joined = (
        "pairs d LEFT JOIN versions o ON o.name = d.name AND o.nth = d.before_nth"
        " LEFT JOIN versions n ON n.name = d.name AND n.nth = d.after_nth"
    )
    select = (
        "SELECT * REPLACE (md5(concat_ws('|', name, change_type, CAST(epoch_us(moment) AS VARCHAR))) AS change_id,"
        f" CAST(moment AS DATE) AS date, moment AS changed_at) FROM ({change_rows(work, joined).replace('SELECT md5', 'SELECT d.moment AS moment, md5', 1)})"
    )
    return f"SELECT * EXCLUDE (moment) FROM ({select})"


def latest(work: Work) -> Path:
    """The new state: assets not in the news as they were, the others in their last version unless deleted."""
    target = work.folder / "latest.parquet"
    columns = [
        c[0] for c in work.connection.sql("DESCRIBE FROM versions").fetchall()
        if c[0] not in ("deleted", "moment", "known", "known_at", "life", "nth", "until", "first_seen", "last_seen")
    ]  # fmt: skip
    listed = ", ".join(columns)
    now = (
        f"SELECT {listed}, coalesce(first_seen, min(moment) OVER (PARTITION BY name, life)) AS first_seen,"
        f" {work.at()} AS last_seen, '{work.run_id}' AS run_id, deleted, until FROM versions"
    )
    kept = ""
    if work.old:
        kept = (
            f" UNION ALL BY NAME SELECT * REPLACE ({work.at()} AS last_seen) FROM {work.previous()}"
            " WHERE name NOT IN (SELECT name FROM versions)"
        )
    work.connection.execute(
        f"COPY (SELECT * FROM (SELECT * EXCLUDE (deleted, until) FROM ({now}) WHERE until IS NULL AND NOT deleted{kept})"
        f" ORDER BY asset_type, project_id) TO {literal(target)} ({PARQUET})"
    )
    return target


def spans(work: Work, cache: Cache, first: date, last: date) -> list[str]:
    """The days from `first` to `last` as spans: one row per version, with the days at whose end it stood.

    Readers unfold them into asset_snapshots. Returns the new file; the temp table `spans` stays for counting.
    """
    slim = ", ".join(SLIM)
    end = f"DATE '{last}' + 1"
    connection = work.connection
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE spans AS
SELECT {slim}, greatest(CAST(moment AS DATE), DATE '{first}') AS since,
  least(coalesce(CAST(until AS DATE), {end}), {end}) AS before
FROM versions WHERE NOT deleted""")
    if work.old:
        connection.execute(
            f"INSERT INTO spans SELECT {slim}, greatest(CAST(last_seen AS DATE), DATE '{first}'), {end}"
            f" FROM {work.previous()} WHERE name NOT IN (SELECT name FROM versions)"
        )
    connection.execute("DELETE FROM spans WHERE since >= before")
    target = work.folder / "spans.parquet"
    connection.execute(f"COPY (FROM spans ORDER BY asset_type, project_id) TO {literal(target)} ({PARQUET})")
    return [cache.adopt(target, f"{SPANS}/{first}_{last}_{work.run_id}.parquet")]


__all__ = ["chained", "history_changes", "latest", "paired", "read", "spans", "told", "versions"]
