"""The history by day: `asset_snapshots` (the state at the end of each past day) and `resources_daily` (its counts).

A day's snapshot is written when the first state of a later day comes. A day without any sync has none: it is a gap,
not a repetition. Counts are kept in one file per month, so that a run rewrites the current month only.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from app.schema import tables
from sync_jobs.layers.assets.literals import literal, parquet
from sync_jobs.layers.assets.snapshot import PARQUET, Work
from sync_jobs.store.cache import Cache

SLIM = tuple(column.name for column in tables()["asset_snapshots"].columns if column.name != "date")
DATED = "hive_partitioning = true, hive_types = {'date': DATE}"


def freeze(work: Work, cache: Cache, as_of: datetime) -> list[str]:
    """The snapshot of the day of `as_of` from the state before. Returns the new file of asset_snapshots."""
    target = work.folder / "day.parquet"
    work.connection.execute(
        f"COPY (SELECT {', '.join(SLIM)} FROM {work.previous()} ORDER BY asset_type, project_id)"
        f" TO {literal(target)} ({PARQUET})"
    )
    return [cache.adopt(target, f"asset_snapshots/date={as_of.date().isoformat()}/{work.run_id}.parquet")]


def without(files: Iterable[str], days: Iterable[date], before: date | None = None) -> list[str]:
    """Files of asset_snapshots except those of `days`, and those of days `before` the retention."""
    gone = {f"date={day.isoformat()}" for day in days}
    oldest = f"date={before.isoformat()}" if before else ""
    return [file for file in files if (part := file.split("/")[1]) not in gone and part >= oldest]


def count(work: Work, cache: Cache, files: dict[str, list[str]], days: set[date], today: date) -> list[str]:
    """New files of resources_daily: the months of `days` and of `today` are counted anew, the others stay.

    `files` holds the tables as they will be published. Days of the temp table `day_counts` are taken from there.
    """
    months = {f"{day:%Y-%m}" for day in days | {today}}
    old = cache.manifest().files("resources_daily")
    kept = [file for file in old if file.split("/")[1][:7] not in months]
    for month in sorted(months):
        again = {day for day in days | {today} if f"{day:%Y-%m}" == month}
        stale = [str(cache.folder / file) for file in old if file.split("/")[1][:7] == month]
        target = work.folder / f"counts-{month}.parquet"
        work.connection.execute(
            f"COPY ({_counted(cache, files, again, stale, today)} ORDER BY date, project_id, asset_type)"
            f" TO {literal(target)} ({PARQUET})"
        )
        kept.append(cache.adopt(target, f"resources_daily/{month}-{work.run_id}.parquet"))
    return sorted(kept)


def unfold_counts(work: Work, present: bool) -> None:
    """The temp table `day_counts` from the temp table `spans`; empty where there are none.

    Counted from what begins and ends each day, so that a year of a large state costs its changes, not its days.
    """
    columns = "project_id, folder, asset_type, location"
    filled = "coalesce(project_id, '') project_id, coalesce(folder, '') folder, asset_type, coalesce(location, '') location"
    if not present:
        work.connection.execute(
            "CREATE OR REPLACE TEMP TABLE day_counts AS SELECT NULL::DATE AS date WHERE false"
        )
        return
    work.connection.execute(f"""
CREATE OR REPLACE TEMP TABLE day_counts AS
WITH steps AS (
  SELECT {columns}, day, sum(step) AS step FROM (
    SELECT {filled}, since AS day, 1 AS step FROM spans UNION ALL SELECT {filled}, before, -1 FROM spans)
  GROUP BY ALL),
levels AS (
  SELECT {columns}, day, CAST(sum(step) OVER w AS BIGINT) AS resources, lead(day) OVER w AS until
  FROM steps WINDOW w AS (PARTITION BY {columns} ORDER BY day))
SELECT CAST(unnest(range(day, until, INTERVAL 1 DAY)) AS DATE) AS date, {columns}, resources
FROM levels WHERE resources > 0 AND until IS NOT NULL""")


def _counted(
    cache: Cache, files: dict[str, list[str]], again: set[date], stale: list[str], today: date
) -> str:
    columns = "date, project_id, folder, asset_type, location, resources"
    listed = ", ".join(f"DATE '{day.isoformat()}'" for day in sorted(again))
    parts = []
    if stale:
        parts.append(f"SELECT {columns} FROM {parquet(stale)} WHERE date NOT IN ({listed})")
    past = {f"date={day.isoformat()}" for day in again if day != today}
    frozen = [str(cache.folder / file) for file in files["asset_snapshots"] if file.split("/")[1] in past]
    if frozen:
        parts.append(_grouped("date", parquet(frozen)[:-1] + f", {DATED})"))
    elif past:
        parts.append(f"SELECT {columns} FROM day_counts WHERE date IN ({listed})")
    if today in again and files["assets"]:
        current = parquet([str(cache.folder / file) for file in files["assets"]])
        parts.append(_grouped(f"DATE '{today.isoformat()}'", current))
    return "SELECT * FROM (" + " UNION ALL ".join(parts) + ")"


def _grouped(day: str, relation: str) -> str:
    return (
        f"SELECT {day} AS date, coalesce(project_id, '') AS project_id, coalesce(folder, '') AS folder, asset_type,"
        f" coalesce(location, '') AS location, count(*) AS resources FROM {relation} GROUP BY ALL"
    )


def oldest_kept(read_time: datetime, retention_days: int) -> date:
    """The first day whose snapshot is kept."""
    return (read_time - timedelta(days=retention_days)).date()
