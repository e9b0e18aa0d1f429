"""Runs rules over assets, in bulk: each rule is one statement of DuckDB, and no row passes through Python.

A handful of rules run at a time, side by side; what they gave is counted and kept before the next ones start. Of what
passed only counts are kept; what failed or is unknown goes to the table `found`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

import duckdb

from app.errors import PortalError
from app.schema import duckdb_type, tables
from sync_jobs.policies import derived
from sync_jobs.policies.rules import PORTAL, Rule

HELD = 250_000  # so many assets are unpacked once, and all rules run over them without a pause
TOGETHER = 40  # of more assets: rules whose rows are held at once, over those assets they speak of
JUDGED = (
    "policy_id VARCHAR, severity VARCHAR, asset_name VARCHAR, status VARCHAR, reason VARCHAR, evidence JSON"
)


@dataclass(frozen=True)
class Result:
    """What one rule gave: seconds, or why it could not be run."""

    policy_id: str
    seconds: float
    error: str | None = None


def prepare(connection: duckdb.DuckDBPyConnection, source: str, rules: Sequence[Rule]) -> None:
    """The tables that rules read, from the relation `source` that has the columns of `assets`."""
    hold(connection, source)
    derive(connection, {name for rule in rules for name in rule.reads})


def hold(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """The assets, as `everything`. It does not need to know the rules: they can be read meanwhile."""
    columns = ", ".join(
        f'CAST("{c.name}" AS {duckdb_type(c)}) AS "{c.name}"' for c in tables()["assets"].columns
    )
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
    held = "TABLE" if count <= HELD else "VIEW"
    connection.execute(f"CREATE OR REPLACE {held} everything AS SELECT {columns} FROM {source}")


def derive(connection: duckdb.DuckDBPyConnection, needed: Collection[str] = derived.DERIVED) -> None:
    """The other tables that rules read, from `everything`; those not needed stay empty."""
    for name in derived.DERIVED:
        made = derived.select(name, "everything")
        connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS FROM ({made}){'' if name in needed else ' LIMIT 0'}"
        )


def lock(connection: duckdb.DuckDBPyConnection, folders: Iterable[str]) -> None:
    """Rules come from a repository as well: afterwards nothing outside `folders` can be read or written."""
    quoted = ", ".join("'" + folder.rstrip("/").replace("'", "''") + "/'" for folder in folders)
    connection.execute(f"SET allowed_directories = [{quoted}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def collect(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables for the results."""
    place = "asset_type VARCHAR, project_id VARCHAR, folder VARCHAR"
    connection.execute(f"CREATE OR REPLACE TABLE found ({JUDGED}, {place})")
    connection.execute(
        "CREATE OR REPLACE TABLE tallies (policy_id VARCHAR, severity VARCHAR, project_id VARCHAR, folder VARCHAR,"
        " status VARCHAR, assets BIGINT)"
    )
    connection.execute("CREATE OR REPLACE TABLE passed (policy_id VARCHAR, asset_name VARCHAR)")


def run_all(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], each: Callable[[], None] = lambda: None
) -> list[Result]:
    """Every rule, into the tables of `collect`. `open_before(policy_id, asset_name)` has to be there."""
    results = []
    for some in judged(connection, rules, each):
        _keep(connection)
        results += some
    return results


def judged(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], each: Callable[[], None] = lambda: None
) -> Iterator[list[Result]]:
    """Some rules after the other. While the caller has a list, the table `judged` holds what those rules gave.

    A rule is not run where no asset is of its types, or what it needs is not set. `each` is called before every rule, and may raise.
    """
    counts = connection.execute("SELECT asset_type, count(*) FROM everything GROUP BY ALL").fetchall()
    there, held = {kind for kind, _ in counts}, sum(count for _, count in counts) <= HELD
    idle = [rule for rule in rules if rule.waits or there.isdisjoint(rule.asset_types)]
    _show(connection, [], held)
    yield [Result(rule.policy_id, 0.0) for rule in idle]
    busy = [rule for rule in rules if rule not in idle]
    with pool() as workers:
        for some in [busy] if held else _together(busy):
            _show(connection, some, held)
            yield judge(connection, workers, some, each)


def pool() -> ThreadPoolExecutor:
    """Where rules run side by side."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="rules")


def judge(
    connection: duckdb.DuckDBPyConnection,
    workers: ThreadPoolExecutor,
    rules: Iterable[Rule],
    each: Callable[[], None] = lambda: None,
) -> list[Result]:
    """Run rules over `assets`, into the table `judged`, side by side."""
    waiting = []
    for rule in rules:
        each()
        _translated(rule)  # here, while earlier rules run: Python and DuckDB side by side
        waiting.append(workers.submit(_judge, connection.cursor(), rule))
    return _refused(connection, [one.result() for one in waiting])


def _together(rules: Iterable[Rule]) -> Iterator[list[Rule]]:
    """Rules that look at much the same: those of one service, and not too many."""
    for _, listed in groupby(rules, key=lambda rule: (rule.source, rule.service)):
        some = list(listed)
        for start in range(0, len(some), TOGETHER):
            yield some[start : start + TOGETHER]


def _show(connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], held: bool) -> None:
    """Show these rules, as `assets`, the types they speak of, unpacked once for all of them, or all that is `held`.

    A rule of the landing zone sees everything: it may choose assets in a way that is not foreseen here.
    """
    connection.execute(f"CREATE OR REPLACE TABLE judged ({JUDGED})")
    if not held and all(rule.source == PORTAL for rule in rules):
        kinds = sorted({kind for rule in rules for kind in rule.speaks_of})
        connection.execute(
            "CREATE OR REPLACE TABLE narrow AS FROM everything WHERE asset_type IN (SELECT unnest(?))",
            [kinds],
        )
        connection.execute("CREATE OR REPLACE VIEW assets AS FROM narrow")
    else:
        connection.execute("CREATE OR REPLACE VIEW assets AS FROM everything")


def _translated(rule: Rule) -> None:
    """Have the rule's statement made. What is wrong with it is told by the run."""
    try:
        _ = rule.file.duckdb
    except PortalError:
        return


def _judge(connection: duckdb.DuckDBPyConnection, rule: Rule) -> Result:
    """Add the rows of a rule to the table `judged`: all or none."""
    start, error = time.perf_counter(), None
    try:
        connection.execute(
            "INSERT INTO judged SELECT $policy__id, $severity__, j.asset_name, j.status, j.reason, j.evidence"
            f" FROM ({rule.file.duckdb}\n) j",
            {**rule.file.bind(rule.values), "policy__id": rule.policy_id, "severity__": rule.severity},
        )
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, PortalError) as wrong:
        error = f"{rule.file.path}: {str(wrong).splitlines()[0]}"
    finally:
        connection.close()
    return Result(rule.policy_id, time.perf_counter() - start, error)


def _refused(connection: duckdb.DuckDBPyConnection, results: list[Result]) -> list[Result]:
    """A rule with a status of its own invention counts for nothing."""
    odd = dict(
        connection.execute(
            "SELECT policy_id, any_value(coalesce(status, 'NULL')) FROM judged"
            " WHERE status IS NULL OR status NOT IN ('pass', 'fail', 'unknown') GROUP BY policy_id"
        ).fetchall()
    )
    for policy_id in odd:
        connection.execute("DELETE FROM judged WHERE policy_id = ?", [policy_id])
    return [
        replace(
            one, error=f"{one.policy_id}: status {odd[one.policy_id]!r} is none of pass, fail and unknown."
        )
        if one.policy_id in odd
        else one
        for one in results
    ]


def _keep(connection: duckdb.DuckDBPyConnection) -> None:
    """Count what `judged` holds by the place of the asset, and keep what is not fine, or was a finding before."""
    beside = "FROM judged j JOIN assets a ON a.name = j.asset_name"
    connection.execute(
        f"INSERT INTO tallies SELECT policy_id, severity, project_id, folder, status, count(*) {beside} GROUP BY ALL"
    )
    connection.execute(
        f"INSERT INTO found SELECT j.*, a.asset_type, a.project_id, a.folder {beside} WHERE status <> 'pass'"
    )
    connection.execute(
        "INSERT INTO passed SELECT j.policy_id, j.asset_name FROM judged j SEMI JOIN open_before o"
        " ON o.asset_name = j.asset_name AND o.policy_id = j.policy_id WHERE j.status = 'pass'"
    )
