"""Every shipped SQL file is valid BigQuery, by Google's own analyzer, against the tables of sql/schema."""

from __future__ import annotations

import pytest

from app import sql_files
from app.schema import Table, duckdb_ddl, tables
from app.sql_params import Param
from tests.conftest import require
from tests.sql.analyzer import Invalid, analyze

# One worker for all of them: the analyzer takes 10 s to load.
pytestmark = pytest.mark.xdist_group("zetasql")


@pytest.fixture(scope="module", autouse=True)
def _zetasql() -> None:
    require("zetasql")


@pytest.mark.parametrize("key", sql_files.keys())
def test_file_is_valid(key: str) -> None:
    file = sql_files.get(key)
    columns = analyze(file.text, file.params)
    assert columns, "it returns no columns"
    assert len(set(columns)) == len(columns), f"a column name occurs twice: {columns}"
    unnamed = [name for name in columns if name.startswith("$") or not name]
    assert not unnamed, f"column {columns.index(unnamed[0]) + 1} has no name; BigQuery would call it f0_"


@pytest.mark.parametrize("table", tables().values(), ids=lambda table: table.name)
def test_table_is_valid(table: Table) -> None:
    analyze(table.ddl)
    assert table.primary_key
    assert not [name for name in table.primary_key if table.column(name).nullable]
    assert duckdb_ddl(table)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT nope FROM assets", "Unrecognized name: nope"),
        ("SELECT name FROM assetz", "Table not found: assetz"),
        ("SELECT name + 1 AS x FROM assets", "No matching signature"),
        ("SELECT name FROM assets GROUP BY asset_type", "neither grouped nor aggregated"),
        ("SELECT name FROM assets WHERE project_id = @missing", "parameter 'missing' not found"),
        ("SELECT name FROM assets WHERE create_time = @day", "No matching signature"),
        ("SELECT LIST_SLICE(ancestors, 1, 2) AS x FROM assets", "Function not found"),
    ],
)
def test_invalid_sql_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        analyze(text, (Param("day", "DATE"),))


def test_qualify_is_understood() -> None:
    text = "SELECT name FROM assets WHERE TRUE QUALIFY ROW_NUMBER() OVER (ORDER BY name) = 1"
    assert analyze(text) == ["name"]
