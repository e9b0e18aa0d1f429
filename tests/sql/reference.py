"""ZetaSQL's reference implementation: Google's own word on what rows a query gives, slow and exact.

The tables of a case become WITH clauses of literals, and parameters become literals.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from app.schema import Column, Table, tables
from tests.sql.analyzer import catalog, language
from tests.sql.harness import Case, bigquery_literal

_WITH = re.compile(r"\A\s*WITH\b", re.IGNORECASE)


def reference_rows(case: Case) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names and rows of the case's query on its tables."""
    return evaluate(self_contained(case))


def evaluate(text: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names and rows of a query that needs no tables and no parameters."""
    from zetasql.api import PreparedQuery
    from zetasql.types import AnalyzerOptions

    options = AnalyzerOptions(language_options=language(), default_timezone="UTC")
    builder = PreparedQuery.builder().set_sql(text).set_analyzer_options(options)
    with builder.set_catalog(catalog()).prepare() as query:
        columns = [(column.name, column.type) for column in query.columns]
        rows = _evaluate(query.prepared_query_id)
    return (
        [name for name, _ in columns],
        [{name: _value(cell, kind) for (name, kind), cell in zip(columns, row, strict=True)} for row in rows],
    )


def self_contained(case: Case) -> str:
    """The text of the case's file with its tables and the values of its parameters in it."""
    file = case.file()
    text, bound = file.text, file.bind(case.params)
    for param in file.params:
        literal = bigquery_literal(bound[param.name], Column(param.name, param.type, True, ""))
        text = re.sub(rf"@{param.name}\b", lambda _, made=f"CAST({literal} AS {param.type})": made, text)
    needed = [table for table in tables().values() if re.search(rf"\b{table.name}\b", text)]
    given = ",\n".join(f"{table.name} AS ({_rows(table, case)})" for table in needed)
    if not given:
        return text
    return f"WITH {given},\n{_WITH.sub('', text, 1)}" if _WITH.match(text) else f"WITH {given}\n{text}"


def _rows(table: Table, case: Case) -> str:
    types = ", ".join(f"`{column.name}` {column.type}" for column in table.columns)
    rows = ", ".join(
        f"({', '.join(bigquery_literal(row[column.name], column) for column in table.columns)})"
        for row in case.given.get(table.name, [])
    )
    return f"SELECT * FROM UNNEST(ARRAY<STRUCT<{types}>>[{rows}])"


def _evaluate(prepared_query: int) -> list[list[Any]]:
    """The rows as protocol buffers: the package's own classes lose the value of a TIMESTAMP."""
    from zetasql.core.local_service import ZetaSqlLocalService
    from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as pb

    response = ZetaSqlLocalService.get_instance().wasm_client.call_grpc_func(
        "ZetaSqlLocalService_EvaluateQuery",
        pb.EvaluateQueryRequest(prepared_query_id=prepared_query),
        pb.EvaluateQueryResponse,
    )
    return [list(row.cell) for row in response.content.table_data.row]


def _value(cell: Any, kind: Any) -> Any:
    field = cell.WhichOneof("value")
    if field is None:
        return [] if kind.array_type is not None else None
    value = getattr(cell, field)
    if field == "array_value":
        return [_value(item, kind.array_type.element_type) for item in value.element]
    if field == "date_value":
        return dt.date(1970, 1, 1) + dt.timedelta(days=value)
    if field == "timestamp_value":
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(
            seconds=value.seconds, microseconds=value.nanos // 1000
        )
    if field == "numeric_value":
        return Decimal(int.from_bytes(value, "little", signed=True)).scaleb(-9)
    return value
