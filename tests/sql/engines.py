"""The engines that row tests run on, each behind `rows(case)`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow as pa

from app.schema import duckdb_ddl, duckdb_type, tables
from tests.fixtures.bqemulator import Emulator, new_dataset_name
from tests.sql.harness import Case, insert_statement


class DuckDB:
    """DuckDB in memory, tables made from sql/schema, the translated text of the file."""

    def rows(self, case: Case) -> pa.Table:
        file = case.file()
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for table in tables().values():
                connection.execute(duckdb_ddl(table))
                for row in case.given.get(table.name, []):
                    marks = ", ".join(f"CAST(? AS {duckdb_type(column)})" for column in table.columns)
                    connection.execute(f'INSERT INTO "{table.name}" VALUES ({marks})', list(row.values()))
            return narrow(connection.sql(file.duckdb, params=file.bind(case.params)).to_arrow_table())


class Emulated:
    """bqemulator: one dataset per test worker, tables made when first needed and emptied after each case."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        from app.engines.bigquery import BigQueryEngine

        self._client = emulator.client(dataset := new_dataset_name())
        self._client.create_dataset(dataset)
        self._engine = BigQueryEngine(emulator.settings(home, dataset))
        self._made: set[str] = set()

    def rows(self, case: Case) -> pa.Table:
        file = case.file()
        # Tables are named bare, so a search of the text finds all of them, and now and then one too many.
        needed = [table for table in tables().values() if table.name in file.text]
        self._run(table.ddl for table in needed if table.name not in self._made)
        self._made |= {table.name for table in needed}
        filled = [table for table in needed if case.given.get(table.name)]
        try:
            self._run(insert_statement(table, case.given[table.name]) for table in filled)
            return self._engine.query(file, case.params)
        finally:
            self._run(f"DELETE FROM {table.name} WHERE TRUE" for table in filled)

    def close(self) -> None:
        self._engine.close()
        self._client.close()

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._client.query_and_wait(statement)


def narrow(table: pa.Table) -> pa.Table:
    """Sums of INT64 are 128 bits wide in DuckDB, INT64 in BigQuery."""
    wide = [pa.types.is_decimal(f.type) and f.type.scale == 0 for f in table.schema]
    fields = [f.with_type(pa.int64()) if w else f for f, w in zip(table.schema, wide, strict=True)]
    return table.cast(pa.schema(fields))
