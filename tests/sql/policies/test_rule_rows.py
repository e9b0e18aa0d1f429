"""Every rule gives the statuses its case file expects in the local engine.

Google's own reference and the BigQuery emulator are slow (a second or two for a rule, many minutes for all). They get rules
that stand for the others, chosen by what they use, with all cases of a rule in one statement; that every rule is valid
BigQuery is shown by tests/sql/test_valid_bigquery.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import sql_files
from app.sql_files import SqlFile
from tests.conftest import require
from tests.fixtures.bqemulator import Emulator
from tests.sql.harness import read_yaml
from tests.sql.policies import representative
from tests.sql.policies.bulk import Bulk, emulated, reference
from tests.sql.policies.harness import ROOT, RuleCase, files, load, on_duckdb, rule_files

ALL = {path: load(path) for path in files()}
CASES = [case for cases in ALL.values() for case in cases]
FILES = tuple(rule_files())


def _standing_for_all(uses: Callable[[SqlFile], set[str]]) -> list[Any]:
    by_key = {cases[0].case.key: cases for cases in ALL.values()}
    return [pytest.param(by_key[key], id=key) for key in representative.cover(FILES, uses)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_on_duckdb(case: RuleCase) -> None:
    case.check(on_duckdb(case))


@pytest.mark.xdist_group("zetasql")
@pytest.mark.parametrize("cases", _standing_for_all(representative.words))
def test_on_googles_reference(cases: list[RuleCase]) -> None:
    require("zetasql")
    _check(cases, reference(Bulk(cases)))


@pytest.mark.xdist_group("policies_on_bigquery")
@pytest.mark.parametrize("cases", _standing_for_all(representative.words))
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


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.key)
def test_has_cases_of_every_status(file: Any) -> None:
    path = ROOT / f"{file.key.removeprefix('policies/')}.yaml"
    assert path in ALL, f"sql/{file.key}.sql has no row test: add tests/sql/policies/{path.relative_to(ROOT)}"
    seen = {want["expect"] for case in ALL[path] for want in case.expect.values()}
    assert {"pass", "fail", "unknown"} <= seen, (
        f"{path}: no case expects {sorted({'pass', 'fail', 'unknown'} - seen)}"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.key)
def test_has_rows_of_a_missing_field_and_of_the_boundary(file: SqlFile) -> None:
    path = ROOT / f"{file.key.removeprefix('policies/')}.yaml"
    kinds = read_yaml(path)["kinds"]
    assert statuses(path, kinds["missing"]) - {"none"}, f"{path}: no row with a missing field is judged"
    measured = any(param.type in ("INT64", "FLOAT64", "ARRAY<INT64>") for param in file.params)
    if measured or not isinstance(kinds["boundary"], str):
        sides = statuses(path, kinds["boundary"])
        assert {"pass", "fail"} <= sides, f"{path}: the boundary has rows of {sorted(sides)} only"
    else:
        assert kinds["boundary"].startswith("no order: ")


def statuses(path: Path, names: list[str]) -> set[str]:
    """What is expected of the assets and cases that are named so. A name that nothing has is an error."""
    found: dict[str, set[str]] = defaultdict(set)
    for case in ALL[path]:
        for name, want in case.expect.items():
            for known in {case.case.name, name, str(want.get("name"))}:
                found[known].add(want["expect"])
    assert isinstance(names, list), f"{path}: expected names of rows, not {names!r}"
    lost = [name for name in names if name not in found]
    assert not lost, f"{path}: no row is called {lost}"
    return set().union(*(found[name] for name in names))


def test_every_case_file_has_its_rule() -> None:
    known = set(sql_files.keys("policies/"))
    orphans = {cases[0].case.key for cases in ALL.values()} - known
    assert not orphans, f"case files without a rule: {sorted(orphans)}"
