"""The engines that row tests run on, each behind `rows(case)`, which gives column names and rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from google.cloud import bigquery

from app.engines import local
from app.engines.bigquery import BigQueryEngine
from app.schema import Table, duckdb_ddl, duckdb_type, tables
from app.sql_files import SqlFile
from sync_jobs.store.bigquery_statements import fields
from tests.fixtures.bqemulator import Emulator, new_dataset_name
from tests.sql.harness import Case, insert_statement

Rows = tuple[list[str], list[dict[str, Any]]]


class DuckDB:
    """DuckDB in memory, tables made from sql/schema, the translated text and types of the local engine."""

    def rows(self, case: Case) -> Rows:
        file = case.file()
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for table in needed(file):
                connection.execute(duckdb_ddl(table))
                for row in case.given.get(table.name, []):
                    marks = ", ".join(f"CAST(? AS {duckdb_type(column)})" for column in table.columns)
                    connection.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', list(row.values()))
            found = connection.sql(file.duckdb, params=file.bind(case.params)).to_arrow_table()
            return of(local._plain(found))


class Emulated:
    """bqemulator: one dataset per test worker, tables made when first needed and emptied after each case."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        settings = emulator.settings(home, new_dataset_name())
        self._client = emulator.client(settings.bigquery_dataset)
        self._dataset = f"{emulator.project}.{settings.bigquery_dataset}"
        dataset = bigquery.Dataset(self._dataset)
        dataset.location = settings.bigquery_location
        self._client.create_dataset(dataset)
        self._engine = BigQueryEngine(settings)
        self._made: set[str] = set()

    def rows(self, case: Case) -> Rows:
        file = case.file()
        for table in needed(file):
            if table.name not in self._made:  # through the API: the emulator cannot read NOT ENFORCED in DDL
                self._client.create_table(
                    bigquery.Table(f"{self._dataset}.{table.name}", schema=fields(table))
                )
                self._made.add(table.name)
        filled = [table for table in needed(file) if case.given.get(table.name)]
        try:
            self._run(insert_statement(table, case.given[table.name]) for table in filled)
            return of(self._engine.query(file, case.params))
        finally:
            self._run(f"DELETE FROM {table.name} WHERE TRUE" for table in filled)

    def close(self) -> None:
        self._engine.close()
        self._client.close()

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._client.query(statement).result()


def needed(file: SqlFile) -> list[Table]:
    """The tables of a file. They are named bare, so a search finds all, and now and then one too many."""
    return [table for table in tables().values() if table.name in file.text]


def of(table: pa.Table) -> Rows:
    return table.column_names, table.to_pylist()
