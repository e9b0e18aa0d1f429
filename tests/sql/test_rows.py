"""Every SQL file, row by row: the cases of tests/sql/cases on DuckDB and on the BigQuery emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import sql_files
from app.errors import QueryError
from tests.conftest import require
from tests.fixtures.bqemulator import Emulator
from tests.sql.engines import DuckDB, Emulated
from tests.sql.harness import CASES, Case, all_cases, check, load_cases
from tests.sql.reference import reference_rows

ALL = list(all_cases())


@pytest.fixture(scope="session")
def emulated(bq_emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    engine = Emulated(bq_emulator, tmp_path_factory.mktemp("home"))
    yield engine
    engine.close()


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_on_duckdb(case: Case) -> None:
    check(case, *DuckDB().rows(case))


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_on_bigquery(case: Case, emulated: Emulated) -> None:
    if case.emulator_cannot:
        with pytest.raises((AssertionError, QueryError)):  # if it can by now, the case should say so
            check(case, *emulated.rows(case))
        pytest.skip(f"the emulator cannot: {case.emulator_cannot}")
    check(case, *emulated.rows(case))


@pytest.mark.xdist_group("zetasql")
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_on_googles_reference(case: Case) -> None:
    require("zetasql")
    check(case, *reference_rows(case))


# Rules have a form of their own: tests/sql/policies.
@pytest.mark.parametrize("key", [key for key in sql_files.keys("") if not key.startswith("policies/")])
def test_has_cases(key: str) -> None:
    path = CASES / f"{key}.yaml"
    assert path.is_file(), f"sql/{key}.sql has no row test: add {path.relative_to(CASES.parents[2])}"
    cases = load_cases(path)
    assert any(not case.partial and case.expect and not case.emulator_cannot for case in cases), (
        f"{path}: no case gives all columns of a row on all engines"
    )


def test_every_case_file_has_its_sql_file() -> None:
    known = sql_files.keys()
    orphans = {case.key for case in ALL} - set(known)
    assert not orphans, f"case files without a SQL file: {sorted(orphans)}"
