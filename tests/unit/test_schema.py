"""The table definitions: what is read from their DDL, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from app.errors import SqlFileError
from app.schema import duckdb_ddl, duckdb_type, read_table, tables

GOOD = """CREATE TABLE IF NOT EXISTS t (
  id STRING NOT NULL OPTIONS (description = 'Id'),
  day DATE NOT NULL OPTIONS (description = 'Day'),
  seen TIMESTAMP OPTIONS (description = 'Seen'),
  tags ARRAY<STRING> OPTIONS (description = 'Tags'),
  body JSON OPTIONS (description = 'Body'),
  PRIMARY KEY (id, day) NOT ENFORCED
)
PARTITION BY DATE(seen)
CLUSTER BY id, day
OPTIONS (description = 'A table.');
"""


def written(tmp_path: Path, text: str, name: str = "t") -> Path:
    path = tmp_path / f"{name}.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_is_read(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, GOOD))
    assert (table.name, table.description, table.primary_key) == ("t", "A table.", ("id", "day"))
    assert (table.partition, table.clustering) == ("DATE(seen)", ("id", "day"))
    assert [(c.name, c.type, c.nullable, c.description) for c in table.columns] == [
        ("id", "STRING", False, "Id"),
        ("day", "DATE", False, "Day"),
        ("seen", "TIMESTAMP", True, "Seen"),
        ("tags", "ARRAY<STRING>", True, "Tags"),
        ("body", "JSON", True, "Body"),
    ]


@pytest.mark.parametrize(
    ("change", "to", "complaint"),
    [
        ("TABLE IF", "TABEL IF", "expected one CREATE TABLE|not valid BigQuery DDL"),
        ("id STRING NOT NULL", "id STRING", "primary key column id may be NULL"),
        (
            "  PRIMARY KEY (id, day) NOT ENFORCED\n",
            "  PRIMARY KEY (idd) NOT ENFORCED\n",
            "names idd, which is no column",
        ),
        ("CLUSTER BY id, day", "CLUSTER BY nope", "clustering names nope"),
        ("DATE(seen)", "DATE(saw)", "partition names saw"),
        (
            "tags ARRAY<STRING> OPTIONS (description = 'Tags')",
            "tags ARRAY<STRING>",
            "tags has no description",
        ),
        ("body JSON", "body GEOGRAPHY", "column body: Type GEOGRAPHY has no DuckDB type"),
        ("body JSON", "seen JSON", "a column occurs twice"),
        ("EXISTS t (", "EXISTS u (", "creates the table u"),
    ],
)
def test_what_is_wrong_is_told_by_name(tmp_path: Path, change: str, to: str, complaint: str) -> None:
    assert change in GOOD
    path = written(tmp_path, GOOD.replace(change, to))
    with pytest.raises(SqlFileError, match=complaint) as caught:
        read_table(path)
    assert str(path) in caught.value.message


def test_a_table_needs_a_primary_key(tmp_path: Path) -> None:
    text = GOOD.replace(
        "body JSON OPTIONS (description = 'Body'),\n  PRIMARY KEY (id, day) NOT ENFORCED",
        "body JSON OPTIONS (description = 'Body')",
    )
    with pytest.raises(SqlFileError, match="no primary key"):
        read_table(written(tmp_path, text))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SqlFileError, match="No table definitions"):
        tables(tmp_path)


@pytest.mark.parametrize(
    ("bigquery", "duck"),
    [
        ("STRING", "VARCHAR"),
        ("INT64", "BIGINT"),
        ("FLOAT64", "DOUBLE"),
        ("BOOL", "BOOLEAN"),
        ("DATE", "DATE"),
        ("TIMESTAMP", "TIMESTAMPTZ"),
        ("JSON", "JSON"),
        ("BYTES", "BLOB"),
        ("NUMERIC", "DECIMAL(38,9)"),
        ("ARRAY<STRING>", "VARCHAR[]"),
        ("ARRAY<INT64>", "BIGINT[]"),
    ],
)
def test_types(bigquery: str, duck: str) -> None:
    assert duckdb_type(bigquery) == duck


def test_every_shipped_table_can_be_made_in_duckdb() -> None:
    with duckdb.connect() as connection:
        for table in tables().values():
            connection.execute(duckdb_ddl(table))
            described = connection.execute(f'DESCRIBE "{table.name}"').fetchall()
            assert [row[0] for row in described] == [column.name for column in table.columns]
            assert [row[2] == "YES" for row in described] == [column.nullable for column in table.columns]
