"""Runs rules over assets, in bulk: each rule is one statement of DuckDB, and no row passes through Python.

Of what passed only counts are kept; what failed or is unknown goes to the table `found`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

from app.schema import duckdb_type, tables
from sync_jobs.policies import derived
from sync_jobs.policies.rules import COLUMNS, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

_JUDGED = "asset_name VARCHAR, status VARCHAR, reason VARCHAR, evidence JSON"
STATUSES = "('pass', 'fail', 'unknown')"


@dataclass(frozen=True)
class Result:
    """What one rule gave: seconds, or why it could not be run."""

    rule: Rule
    seconds: float
    error: str | None = None


def prepare(connection: duckdb.DuckDBPyConnection, source: str, rules: Iterable[Rule]) -> None:
    """The tables that rules read, from the relation `source` that has the columns of `assets`."""
    columns = ", ".join(
        f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in tables()["assets"].columns
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW assets AS SELECT {columns} FROM {source}")
    needed = {name for rule in rules for name in rule.tables()}
    for name in derived.DERIVED:
        made = derived.select(name) if name in needed else f"SELECT * FROM ({derived.select(name)}) LIMIT 0"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {made}")


def lock(connection: duckdb.DuckDBPyConnection, folders: Iterable[str]) -> None:
    """Rules come from a repository as well: afterwards nothing outside `folders` can be read or written."""
    quoted = ", ".join("'" + folder.rstrip("/").replace("'", "''") + "/'" for folder in folders)
    connection.execute(f"SET allowed_directories = [{quoted}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def collect(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables for the results, and who is where."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE who AS SELECT name, asset_type, project_id, folder FROM assets"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE found (policy_id VARCHAR, severity VARCHAR, asset_name VARCHAR, asset_type VARCHAR,"
        " project_id VARCHAR, folder VARCHAR, status VARCHAR, reason VARCHAR, evidence JSON)"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE tallies (policy_id VARCHAR, severity VARCHAR, project_id VARCHAR, folder VARCHAR,"
        " status VARCHAR, assets BIGINT)"
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE passed (policy_id VARCHAR, asset_name VARCHAR)")


def run_all(
    connection: duckdb.DuckDBPyConnection, rules: Iterable[Rule], each: Callable[[], None] = lambda: None
) -> list[Result]:
    """Every rule, into the tables of `collect`. `open_before(policy_id, asset_name)` has to be there."""
    results = []
    for rule in rules:
        each()
        start = time.perf_counter()
        error = judge(connection, rule)
        if error is None:
            _keep(connection, rule)
        results.append(Result(rule, time.perf_counter() - start, error))
    return results


def judge(connection: duckdb.DuckDBPyConnection, rule: Rule) -> str | None:
    """The rows of a rule, in the table `judged`. Returns why it could not be run, or None."""
    where = rule.file.path
    try:
        text, values = rule.file.duckdb, rule.file.bind(rule.values)
        columns = [row[0] for row in connection.execute(f"DESCRIBE {text}", values or None).fetchall()]
        if columns != COLUMNS:
            return f"{where}: it returns {', '.join(columns)}; a rule returns {', '.join(COLUMNS)}."
        connection.execute(f"CREATE OR REPLACE TEMP TABLE judged ({_JUDGED})")
        connection.execute(f"INSERT INTO judged SELECT * FROM ({text}\n)", values or None)
        odd = connection.execute(
            f"SELECT coalesce(status, 'NULL') FROM judged WHERE status IS NULL OR status NOT IN {STATUSES} LIMIT 1"
        ).fetchone()
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, Exception) as error:
        return f"{where}: {str(error).splitlines()[0]}"
    return f"{where}: status {odd[0]!r} is none of pass, fail and unknown." if odd else None


def _keep(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    ids = {"policy": rule.policy_id, "severity": rule.severity}
    connection.execute(
        "INSERT INTO tallies SELECT $policy, $severity, w.project_id, w.folder, j.status, count(*)"
        " FROM judged j JOIN who w ON w.name = j.asset_name GROUP BY ALL",
        ids,
    )
    connection.execute(
        "INSERT INTO found SELECT $policy, $severity, w.name, w.asset_type, w.project_id, w.folder, j.status, j.reason,"
        " j.evidence FROM judged j JOIN who w ON w.name = j.asset_name WHERE j.status <> 'pass'",
        ids,
    )
    connection.execute(
        "INSERT INTO passed SELECT $policy, j.asset_name FROM judged j SEMI JOIN open_before o"
        " ON o.asset_name = j.asset_name AND o.policy_id = $policy WHERE j.status = 'pass'",
        {"policy": rule.policy_id},
    )
