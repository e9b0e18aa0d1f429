"""The rules of assets that just changed, at once, without looking at all assets.

Most rules judge an asset by itself. The others look at something beside it, in its project or above: those kinds of
assets are few, and kept in a file of their own, ordered so that one project is found without reading the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from app.schema import duckdb_ddl, tables
from sync_jobs.layers.assets.literals import assets, literal, parquet
from sync_jobs.policies import derived, engine
from sync_jobs.policies.rules import Rule

ROW_GROUP = 2048  # the smallest DuckDB writes: about one project
_NOT_WORTH_IT = (
    "join_order", "build_side_probe_side", "statistics_propagation", "column_lifetime", "compressed_materialization",
    "common_subexpressions", "common_aggregate", "common_subplan", "reorder_filter", "filter_pullup", "in_clause",
    "cte_inlining", "regex_range", "top_n", "limit_pushdown", "duplicate_groups", "join_elimination", "late_materialization",
    "join_filter_pushdown", "row_group_pruner", "sampling_pushdown",
)  # fmt: skip
_COLUMNS = ", ".join(f'"{column.name}"' for column in tables()["assets"].columns)
_ANSWER = "policy_id, severity, asset_name, status, reason, CAST(evidence AS VARCHAR) AS evidence"


@dataclass(frozen=True)
class Rechecked:
    """Rows (policy_id, severity, asset_name, status, reason, evidence) of the changed assets.

    `left`: rules that look at assets of these types to judge others, or at all that is below a folder or the
    organisation. They need a run over everything; their findings stay as they are until then.
    """

    rows: pa.Table
    errors: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


class Recheck:
    """Rules over single assets, on top of the assets in `paths`. Not safe to use from several threads at once.

    `cache`: the folder of `paths`; `work`: an empty folder of its own. Raises duckdb.Error when they cannot be read.
    """

    def __init__(self, rules: Sequence[Rule], paths: Sequence[str], cache: Path, work: Path) -> None:
        self._rules = rules
        self._beside = str(work / "beside.parquet")
        self._connection = duckdb.connect(config={"temp_directory": str(work)})
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        kinds = {
            kind for rule in rules if not rule.is_local for kind in rule.speaks_of - set(rule.asset_types)
        }
        self._connection.execute(
            f"COPY (SELECT {_COLUMNS} FROM {assets(paths)} WHERE asset_type IN (SELECT unnest($kinds))"
            f" ORDER BY project_id NULLS FIRST, asset_type) TO {literal(self._beside)} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP})",
            {"kinds": sorted(kinds | derived.SOURCES)},
        )
        # Of a few rows, planning costs more than running: each rule on one thread, and without the dearer optimisations.
        self._connection.execute("SET GLOBAL threads = 1")
        self._connection.execute(f"SET GLOBAL disabled_optimizers = '{','.join(_NOT_WORTH_IT)}'")
        engine.lock(self._connection, [str(cache), str(work)])
        for name in derived.DERIVED:
            self._connection.execute(duckdb_ddl(tables()[name]))
        self._connection.execute(duckdb_ddl(tables()["assets"]))
        self._connection.execute(f"CREATE TABLE later AS SELECT {_COLUMNS}, false AS deleted FROM assets")
        self._kinds = sorted(kinds | derived.SOURCES)
        self._connection.execute(f"CREATE TABLE judged ({engine.JUDGED})")
        self._workers = engine.pool()

    def check(self, changed: pa.Table) -> Rechecked:
        """Judge these assets: rows of `assets` as they are now, the columns in any order."""
        connection = self._connection
        connection.register("changed", changed)
        try:
            for name in ("judged", "assets", *derived.DERIVED):
                connection.execute(f"DELETE FROM {name}")
            connection.execute(f"INSERT INTO assets SELECT {_COLUMNS} FROM changed")
            kinds = set(changed.column("asset_type").to_pylist())
            asked = [rule for rule in self._rules if not (rule.waits or kinds.isdisjoint(rule.asset_types))]
            results = self._run(rule for rule in asked if rule.is_local)
            others = [rule for rule in asked if not rule.is_local]
            if others:
                self._surround(others, changed.column("project_id").unique().to_pylist())
                results += self._run(others)
            rows = connection.sql(f"SELECT {_ANSWER} FROM judged SEMI JOIN changed ON name = asset_name")
            errors = [one.error for one in results if one.error]
            names = [rule.policy_id for rule in asked]
            return Rechecked(rows.to_arrow_table(), errors, self._left(kinds), names)
        finally:
            connection.unregister("changed")

    def remember(self, changed: pa.Table) -> None:
        """From now on these count as beside others, in place of what the files have. With a column `deleted`."""
        self._connection.register("changed", changed)
        try:
            self._connection.execute("DELETE FROM later WHERE name IN (SELECT name FROM changed)")
            self._connection.execute(
                f"INSERT INTO later SELECT {_COLUMNS}, deleted FROM changed WHERE asset_type IN (SELECT unnest(?))",
                [self._kinds],
            )
        finally:
            self._connection.unregister("changed")

    def close(self) -> None:
        """Let go of the memory; the folder is the caller's."""
        self._workers.shutdown()
        self._connection.close()

    def _run(self, rules: Iterable[Rule]) -> list[engine.Result]:
        return engine.judge(self._connection, self._workers, rules)

    def _surround(self, rules: Sequence[Rule], projects: list[str | None]) -> None:
        """Bring in what these rules look at beside the changed assets."""
        own = ", ".join(literal(one) for one in projects if one is not None)
        near = f"(project_id IS NULL{f' OR project_id IN ({own})' if own else ''})"
        other = "NOT EXISTS (SELECT 1 FROM changed c WHERE c.name = b.name)"
        self._connection.execute(
            f"INSERT INTO assets SELECT {_COLUMNS} FROM {parquet([self._beside])} b WHERE {near} AND {other}"
            " AND NOT EXISTS (SELECT 1 FROM later l WHERE l.name = b.name)"
        )
        self._connection.execute(
            f"INSERT INTO assets SELECT {_COLUMNS} FROM later b WHERE NOT deleted AND {near} AND {other}"
        )
        for name in derived.DERIVED:
            if any(name in rule.reads for rule in rules):
                self._connection.execute(f"INSERT INTO {name} {derived.select(name)}")

    def _left(self, kinds: set[str]) -> list[str]:
        above = not kinds.isdisjoint(derived.SOURCES)
        return sorted(
            rule.policy_id
            for rule in self._rules
            if not rule.is_local
            and (
                not kinds.isdisjoint(rule.speaks_of - set(rule.asset_types))
                or (above and rule.reads != {"assets"})
            )
        )
