"""Every rule gives the statuses its case file expects: in the local engine, the BigQuery emulator and Google's own reference.

The last two take all cases of a rule in one statement.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from app import sql_files
from tests.conftest import require
from tests.fixtures.bqemulator import Emulator
from tests.sql.policies.bulk import Bulk, emulated, reference
from tests.sql.policies.harness import ROOT, RuleCase, files, load, on_duckdb, rule_files

ALL = {path: load(path) for path in files()}
CASES = [case for cases in ALL.values() for case in cases]
RULES = [pytest.param(cases, id=cases[0].case.key) for cases in ALL.values()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_duckdb(case: RuleCase) -> None:
    case.check(on_duckdb(case))


@pytest.mark.xdist_group("zetasql")
@pytest.mark.parametrize("cases", RULES)
def test_on_googles_reference(cases: list[RuleCase]) -> None:
    require("zetasql")
    _check(cases, reference(Bulk(cases)))


@pytest.mark.xdist_group("policies_on_bigquery")
@pytest.mark.parametrize("cases", RULES)
def test_on_bigquery(cases: list[RuleCase], bq_emulator: Emulator) -> None:
    able = [case for case in cases if not case.case.emulator_cannot]
    _check(able, emulated(Bulk(able), bq_emulator))


def _check(cases: list[RuleCase], rows: list[dict[str, Any]]) -> None:
    by_case: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_case[row.pop("case_name")].append(row)
    for case in cases:
        try:
            case.check(by_case[case.case.name])
        except AssertionError as error:
            raise AssertionError(f"case {case.case.name!r}: {error}") from None


@pytest.mark.parametrize("file", rule_files(), ids=lambda file: file.key)
def test_has_cases_of_every_status(file: Any) -> None:
    path = ROOT / f"{file.key.removeprefix('policies/')}.yaml"
    assert path in ALL, f"sql/{file.key}.sql has no row test: add tests/sql/policies/{path.relative_to(ROOT)}"
    seen = {want["expect"] for case in ALL[path] for want in case.expect.values()}
    assert {"pass", "fail", "unknown"} <= seen, (
        f"{path}: no case expects {sorted({'pass', 'fail', 'unknown'} - seen)}"
    )


def test_every_case_file_has_its_rule() -> None:
    known = set(sql_files.keys("policies/"))
    orphans = {cases[0].case.key for cases in ALL.values()} - known
    assert not orphans, f"case files without a rule: {sorted(orphans)}"
