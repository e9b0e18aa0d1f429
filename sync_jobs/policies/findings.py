"""What a run found against the findings before it, and the figures of the day: SQL over the tables of `engine.collect`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import duckdb

from app.schema import duckdb_type, tables
from sync_jobs.layers.assets.literals import literal, parquet
from sync_jobs.policies.config import Waiver, regex
from sync_jobs.policies.engine import Result
from sync_jobs.policies.rules import Rule

if TYPE_CHECKING:
    import pyarrow as pa

WEIGHTS = {"critical": 10, "high": 5, "medium": 2, "low": 1}


def before(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], streamed: bool = False, where: str = "true"
) -> None:
    """The findings before, as the table `old`, and those of them that are open, as `open_before`.

    Those of the table `streamed_findings`, if it is there, are newer than those of the files.
    """
    columns = ", ".join(
        f'CAST({"NULL" if not files else c.name} AS {duckdb_type(c)}) AS "{c.name}"'
        for c in tables()["violations"].columns
    )
    source = f"FROM {parquet(files)} WHERE {where}" if files else "WHERE false"
    text = f"SELECT {columns} {source}"
    if streamed:
        text = (
            f"SELECT f.* FROM ({text}) f ANTI JOIN streamed_findings s"
            f" ON s.policy_id = f.policy_id AND s.asset_name = f.asset_name UNION ALL FROM streamed_findings"
        )
    connection.execute(f"CREATE OR REPLACE TABLE old AS {text}")
    connection.execute(
        "CREATE OR REPLACE TABLE open_before AS SELECT policy_id, asset_name FROM old WHERE resolved_at IS NULL"
    )


def waive(connection: duckdb.DuckDBPyConnection, waivers: Sequence[Waiver], today: date) -> None:
    """The table `waived`: the longest waiver that holds for each finding, and `fitting`: counts of all waivers."""
    connection.execute(
        "CREATE OR REPLACE TABLE terms (waiver_id VARCHAR, rule VARCHAR, asset VARCHAR, until TIMESTAMPTZ,"
        " owner VARCHAR, why VARCHAR, holds BOOLEAN)"
    )
    for one in waivers:
        connection.execute(
            "INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                one.waiver_id,
                regex(one.rule),
                regex(one.asset),
                one.until,
                one.owner,
                one.reason,
                one.expires >= today,
            ],
        )
    connection.execute(
        "CREATE OR REPLACE TABLE fits AS SELECT f.policy_id, f.asset_name, t.* FROM found f JOIN terms t"
        " ON regexp_full_match(f.policy_id, t.rule) AND regexp_full_match(f.asset_name, t.asset) WHERE f.status = 'fail'"
    )
    connection.execute(
        "CREATE OR REPLACE TABLE waived AS SELECT policy_id, asset_name, max(until) AS until,"
        " arg_max(owner, until) AS owner, arg_max(why, until) AS why FROM fits WHERE holds GROUP BY ALL"
    )


def merge(
    connection: duckdb.DuckDBPyConnection, results: Sequence[Result], now: datetime, run_id: str, target: str
) -> None:
    """Write the findings as they stand now to the Parquet file `target`."""
    _note(connection, results)
    connection.execute(
        f"COPY ({_MERGED} ORDER BY policy_id, project_id) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)",
        {"now": now, "run": run_id},
    )


def merged(
    connection: duckdb.DuckDBPyConnection, results: Sequence[Result], now: datetime, run_id: str
) -> pa.Table:
    """The findings as they stand now, as rows of `violations`."""
    _note(connection, results)
    return connection.sql(_MERGED, params={"now": now, "run": run_id}).to_arrow_table()


def _note(connection: duckdb.DuckDBPyConnection, results: Sequence[Result]) -> None:
    """The table `ran`: which rules ran, and what went wrong."""
    connection.execute("CREATE OR REPLACE TABLE ran (policy_id VARCHAR, error VARCHAR)")
    rows = [(result.policy_id, result.error) for result in results]
    if rows:
        connection.executemany("INSERT INTO ran VALUES (?, ?)", rows)


# n: what this run found; o: the finding before. A finding is resolved only where its asset was seen to pass, or is gone.
_MERGED = """
WITH n AS (
  SELECT * FROM found QUALIFY row_number() OVER (PARTITION BY policy_id, asset_name ORDER BY status) = 1
),
paired AS (
  SELECT n, o, w, coalesce(n.policy_id, o.policy_id) AS policy_id, coalesce(n.asset_name, o.asset_name) AS asset_name,
    n.policy_id IS NOT NULL AND (n.status = 'fail' OR o.policy_id IS NULL OR o.status = 'unknown') AS told,
    o.policy_id IS NOT NULL AND o.status = 'fail' AS failed_before
  FROM n FULL JOIN old o ON o.policy_id = n.policy_id AND o.asset_name = n.asset_name
  LEFT JOIN waived w ON w.policy_id = n.policy_id AND w.asset_name = n.asset_name
),
judged AS (
  SELECT p.*,
    CASE
      WHEN n.policy_id IS NOT NULL OR o.resolved_at IS NOT NULL THEN o.resolution
      WHEN r.policy_id IS NULL THEN 'rule off'
      WHEN r.error IS NOT NULL THEN NULL
      WHEN s.asset_name IS NOT NULL THEN 'passed'
      WHEN h.name IS NULL THEN 'asset deleted'
      ELSE 'not examined'
    END AS ended, r.error AS error
  FROM paired p
  LEFT JOIN ran r ON r.policy_id = p.policy_id
  LEFT JOIN passed s ON s.policy_id = p.policy_id AND s.asset_name = p.asset_name
  LEFT JOIN everything h ON h.name = p.asset_name
)
SELECT policy_id, asset_name,
  CASE WHEN told THEN n.asset_type ELSE o.asset_type END AS asset_type,
  CASE WHEN told THEN n.project_id ELSE o.project_id END AS project_id,
  CASE WHEN told THEN n.folder ELSE o.folder END AS folder,
  coalesce(n.severity, o.severity) AS severity,
  CASE WHEN told THEN n.status ELSE o.status END AS status,
  CASE WHEN told THEN n.reason ELSE o.reason END AS reason,
  CASE WHEN told THEN n.evidence ELSE o.evidence END AS evidence,
  CASE WHEN told THEN NULL WHEN n.policy_id IS NOT NULL THEN n.reason ELSE error END AS doubt,
  CASE WHEN told AND o.policy_id IS NOT NULL AND o.status = n.status AND (n.status = 'fail' OR o.resolved_at IS NULL)
    THEN o.first_seen WHEN told THEN $now ELSE o.first_seen END AS first_seen,
  CASE WHEN told THEN $now ELSE o.last_seen END AS last_seen,
  CASE WHEN told THEN NULL ELSE coalesce(o.resolved_at, CASE WHEN ended IS NOT NULL THEN $now END) END AS resolved_at,
  CASE WHEN told THEN NULL ELSE ended END AS resolution,
  CASE WHEN told AND n.status = 'fail' AND failed_before AND o.resolved_at IS NOT NULL THEN $now
    ELSE o.reopened_at END AS reopened_at,
  coalesce(o.reopened, 0)
    + CASE WHEN told AND n.status = 'fail' AND failed_before AND o.resolved_at IS NOT NULL THEN 1 ELSE 0 END AS reopened,
  CASE WHEN n.policy_id IS NOT NULL AND n.status = 'fail' THEN w.until
    WHEN o.waived_until > $now THEN o.waived_until END AS waived_until,
  CASE WHEN n.policy_id IS NOT NULL AND n.status = 'fail' THEN w.owner
    WHEN o.waived_until > $now THEN o.waived_by END AS waived_by,
  CASE WHEN n.policy_id IS NOT NULL AND n.status = 'fail' THEN w.why
    WHEN o.waived_until > $now THEN o.waived_for END AS waived_for,
  $run AS run_id
FROM judged"""


@dataclass(frozen=True)
class Day:
    """The day that is written, by which run, and the oldest that is kept."""

    today: date
    oldest: date
    run_id: str


def daily(
    connection: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    earlier: Sequence[str],
    day: Day,
    target: str,
) -> None:
    """Write compliance_daily with today's rows in place of those there were."""
    connection.execute(
        "CREATE OR REPLACE TABLE controls (policy_id VARCHAR, dimension VARCHAR, item VARCHAR)"
    )
    rows = [(rule.policy_id, *pair) for rule in rules for pair in _controls(rule.frameworks)]
    if rows:
        connection.executemany("INSERT INTO controls VALUES (?, ?, ?)", rows)
    weight = " ".join(f"WHEN '{name}' THEN {value}" for name, value in WEIGHTS.items())
    past = (
        f"UNION ALL BY NAME SELECT * FROM {parquet(earlier)} WHERE date <> $today AND date >= $oldest"
        if earlier
        else ""
    )
    connection.execute(
        f"COPY ({_DAILY.format(weight=weight)} {past} ORDER BY date, dimension, item)"
        f" TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)",
        {"today": day.today, "run": day.run_id, **({"oldest": day.oldest} if earlier else {})},
    )


def _controls(frameworks: Mapping[str, Mapping[str, Sequence[str]]]) -> set[tuple[str, str]]:
    made = set()
    for name, versions in frameworks.items():
        for version, controls in versions.items():
            made.add(("framework", f"{name} {version}"))
            for one in controls:
                made.add(("control", f"{name} {version} {one}"))
    return made


_DAILY = """
SELECT CAST($today AS DATE) AS date, dimension, item, coalesce(severity, 'all') AS severity,
  CAST(sum(passed) AS BIGINT) AS passed, CAST(sum(failed) AS BIGINT) AS failed, CAST(sum(waived) AS BIGINT) AS waived,
  CAST(sum(unknown) AS BIGINT) AS unknown,
  sum(passed * weight) / nullif(sum((passed + failed) * weight), 0) AS score, $run AS run_id
FROM (
  WITH counted AS (
    SELECT policy_id, severity, project_id, folder,
      sum(assets) FILTER (status = 'pass') AS passed, sum(assets) FILTER (status = 'fail') AS failed,
      sum(assets) FILTER (status = 'unknown') AS unknown, sum(assets) FILTER (status = 'waived') AS waived
    FROM (
      FROM tallies
      UNION ALL
      SELECT f.policy_id, f.severity, f.project_id, f.folder, s.status, s.one
      FROM found f JOIN waived w ON w.policy_id = f.policy_id AND w.asset_name = f.asset_name
      CROSS JOIN (VALUES ('fail', -1), ('waived', 1)) s(status, one) WHERE f.status = 'fail'
    ) GROUP BY ALL
  ),
  chain AS (
    SELECT DISTINCT project_id, folder, unnest(list_filter(ancestors, lambda a: starts_with(a, 'folders/'))) AS above
    FROM everything
  )
  SELECT c.* REPLACE (coalesce(passed, 0) AS passed, coalesce(failed, 0) AS failed, coalesce(waived, 0) AS waived,
      coalesce(unknown, 0) AS unknown), CASE severity {weight} END AS weight
  FROM (
    SELECT 'all' AS dimension, '' AS item, severity, passed, failed, waived, unknown FROM counted
    UNION ALL SELECT 'project', coalesce(project_id, ''), severity, passed, failed, waived, unknown FROM counted
    UNION ALL SELECT 'policy', policy_id, severity, passed, failed, waived, unknown FROM counted
    UNION ALL SELECT k.dimension, k.item, severity, passed, failed, waived, unknown
      FROM counted n JOIN controls k ON k.policy_id = n.policy_id
    UNION ALL SELECT 'folder', h.above, severity, passed, failed, waived, unknown FROM counted n JOIN chain h
      ON h.project_id IS NOT DISTINCT FROM n.project_id AND h.folder IS NOT DISTINCT FROM n.folder
  ) c
) GROUP BY GROUPING SETS ((dimension, item, severity), (dimension, item))"""
