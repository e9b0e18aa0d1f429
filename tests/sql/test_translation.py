"""BigQuery's SQL means the same in DuckDB. The judge is Google's reference implementation."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from app import sql_files
from app.engines import local
from app.errors import SqlFileError
from app.schema import Column
from app.sql_files import SqlFile
from tests.conftest import require
from tests.sql.harness import bigquery_literal, plain, same
from tests.sql.reference import evaluate

pytestmark = pytest.mark.xdist_group("zetasql")

# Four rows with what hurts: a Sunday, month ends, halves, NULLs, odd JSON.
DATA = r"""WITH t AS (
  SELECT * FROM UNNEST(ARRAY<STRUCT<
    id INT64, d DATE, e DATE, a TIMESTAMP, b TIMESTAMP, s STRING, r JSON, l ARRAY<STRING>, x FLOAT64, n INT64
  >>[
    (1, DATE '2024-01-07', DATE '2023-12-31', TIMESTAMP '2024-01-07 12:34:56.789012+00',
     TIMESTAMP '2024-01-05 13:00:00+00', 'x', JSON '{"a":{"b":"v"},"z":["p","q"],"o":5,"t":true,"u":null}',
     ['p', 'q'], 1.5, 2),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL, NULL),
    (3, DATE '2024-02-29', DATE '2024-02-01', TIMESTAMP '2024-02-29 00:00:00+00',
     TIMESTAMP '2024-03-05 13:00:00+00', 'y', JSON '{"z":"no","a":[{"k":1}]}', ['r'], 0.0, 1),
    (4, DATE '2021-01-01', DATE '2020-12-31', TIMESTAMP '2021-01-01 23:59:59.999999+00',
     TIMESTAMP '2021-01-01 22:59:59+00', 'x', JSON '{"z":[1,{"y":2},null]}', ['s', 's'], -2.5, 1)
  ])
)
"""

PER_ROW = [
    "EXTRACT(DAYOFWEEK FROM d)",
    "EXTRACT(DAYOFWEEK FROM a)",
    "EXTRACT(WEEK FROM d)",
    "EXTRACT(WEEK(MONDAY) FROM d)",
    "EXTRACT(ISOWEEK FROM d)",
    "EXTRACT(ISOYEAR FROM d)",
    "EXTRACT(DAYOFYEAR FROM d)",
    "EXTRACT(QUARTER FROM d)",
    "EXTRACT(DATE FROM a)",
    "EXTRACT(HOUR FROM a)",
    "EXTRACT(MILLISECOND FROM a)",
    "EXTRACT(MICROSECOND FROM a)",
    "DATE_TRUNC(d, MONTH)",
    "DATE_TRUNC(d, WEEK)",
    "DATE_TRUNC(d, WEEK(MONDAY))",
    "DATE_TRUNC(d, ISOWEEK)",
    "DATE_TRUNC(d, QUARTER)",
    "TIMESTAMP_TRUNC(a, HOUR)",
    "TIMESTAMP_TRUNC(a, DAY)",
    "TIMESTAMP_TRUNC(a, WEEK)",
    "DATE_ADD(d, INTERVAL 1 DAY)",
    "DATE_ADD(e, INTERVAL 2 MONTH)",
    "DATE_SUB(d, INTERVAL 1 YEAR)",
    "DATE_SUB(DATE_TRUNC(d, MONTH), INTERVAL n DAY)",
    "LAST_DAY(d)",
    "DATE_DIFF(d, e, DAY)",
    "DATE_DIFF(d, e, WEEK)",
    "DATE_DIFF(d, e, MONTH)",
    "DATE_DIFF(d, e, YEAR)",
    "DATE_FROM_UNIX_DATE(n)",
    "UNIX_DATE(d)",
    "TIMESTAMP_ADD(a, INTERVAL 90 MINUTE)",
    "TIMESTAMP_SUB(a, INTERVAL 7 DAY)",
    "TIMESTAMP_DIFF(a, b, DAY)",
    "TIMESTAMP_DIFF(a, b, HOUR)",
    "TIMESTAMP_DIFF(b, a, MINUTE)",
    "TIMESTAMP_DIFF(a, b, SECOND)",
    "TIMESTAMP_DIFF(a, b, MILLISECOND)",
    "UNIX_SECONDS(a)",
    "UNIX_MILLIS(a)",
    "UNIX_MICROS(a)",
    "TIMESTAMP_SECONDS(n)",
    "TIMESTAMP_MILLIS(n)",
    "TIMESTAMP_MICROS(n)",
    "DATE(a)",
    "TIMESTAMP(d)",
    "FORMAT_DATE('%Y-%m', d)",
    "FORMAT_TIMESTAMP('%F %T', a)",
    "FORMAT('%d of %s', n, s)",
    "PARSE_DATE('%Y-%m-%d', CAST(d AS STRING))",
    "IEEE_DIVIDE(x, 0)",
    "IEEE_DIVIDE(n, n - 1)",
    "SAFE_DIVIDE(n, n - 1)",
    "DIV(n, 2)",
    "MOD(n, 2)",
    "n / 2",
    "ROUND(x)",
    "CAST(ROUND(x) AS INT64)",
    "SAFE_CAST(s AS INT64)",
    "CAST(d AS STRING)",
    "CAST(a AS STRING)",
    "JSON_VALUE(r, '$.a.b')",
    "JSON_VALUE(r, '$.a')",
    "JSON_VALUE(r, '$.o')",
    "JSON_VALUE(r, '$.t')",
    "JSON_VALUE(r, '$.u')",
    "JSON_VALUE(r, '$.a[0].k')",
    "JSON_VALUE(r, '$.nowhere')",
    "TO_JSON_STRING(JSON_QUERY(r, '$.a'))",
    "JSON_VALUE_ARRAY(r, '$.z[0]')",
    "ARRAY_LENGTH(JSON_QUERY_ARRAY(r, '$.z'))",
    "JSON_KEYS(r, 1)",
    "BOOL(JSON_QUERY(r, '$.t'))",
    "INT64(JSON_QUERY(r, '$.o'))",
    "TO_JSON(STRUCT(n AS k, s AS v))",
    "ARRAY_LENGTH(l)",
    "'p' IN UNNEST(l)",
    "s IN UNNEST(['x', 'z'])",
    "l[SAFE_OFFSET(1)]",
    "l[SAFE_OFFSET(n - 1)]",
    "l[SAFE_ORDINAL(n)]",
    "ARRAY_TO_STRING(l, '-')",
    "ARRAY(SELECT CONCAT(v, CAST(o AS STRING)) FROM UNNEST(l) AS v WITH OFFSET AS o ORDER BY o DESC)",
    "(SELECT MAX(o) FROM UNNEST(l) AS v WITH OFFSET AS o)",
    "(SELECT COUNT(*) FROM UNNEST(JSON_QUERY_ARRAY(r, '$.z')) AS z WHERE JSON_VALUE(z) = 'p')",
    "EXISTS (SELECT 1 FROM UNNEST(l) AS v WHERE v = s)",
    "REGEXP_EXTRACT(CONCAT('a/', s, '/c'), r'/([^/]+)/')",
    "SPLIT('a/b', '/')[SAFE_OFFSET(n)]",
    "GREATEST(n, x)",
    "IF(n > 1, 'many', 'few')",
    "COUNTIF(n > 1) OVER (PARTITION BY s)",
    "LAG(n) OVER (ORDER BY id)",
    "SUM(n) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
]

WHOLE = [
    "SELECT id, v, o FROM t, UNNEST(l) AS v WITH OFFSET AS o ORDER BY id, o",
    "SELECT id, v, offset FROM t LEFT JOIN UNNEST(l) AS v WITH OFFSET ORDER BY id, offset",
    "SELECT v FROM t, UNNEST(l) AS v WITH OFFSET AS o WHERE o = 1 ORDER BY v",
    "SELECT id, TO_JSON_STRING(z) AS z FROM t, UNNEST(JSON_QUERY_ARRAY(r, '$.z')) AS z ORDER BY id, z",
    "SELECT ARRAY_AGG(id ORDER BY d DESC LIMIT 2) AS ids FROM t",
    "SELECT ARRAY_AGG(id ORDER BY id DESC LIMIT 1)[OFFSET(0)] AS id FROM t",
    "SELECT ARRAY_AGG(s IGNORE NULLS ORDER BY id DESC LIMIT 2) AS ss FROM t",
    "SELECT ARRAY_LENGTH(ARRAY_AGG(s RESPECT NULLS ORDER BY id LIMIT 2)) AS ss FROM t",
    "SELECT ARRAY_AGG(DISTINCT s IGNORE NULLS ORDER BY s) AS ss FROM t",
    "SELECT STRING_AGG(s, '; ' ORDER BY id LIMIT 2) AS ss FROM t",
    "SELECT STRING_AGG(s, '; ' ORDER BY id DESC) AS ss FROM t",
    "SELECT STRING_AGG(DISTINCT s, ',' ORDER BY s LIMIT 1) AS ss FROM t",
    "SELECT COUNTIF(n > 1) AS c, SUM(n) AS q, AVG(n) AS m FROM t",
    "SELECT COUNTIF(n > 1) AS c, SUM(n) AS q, COUNT(*) AS k FROM t WHERE FALSE",
    "SELECT s, COUNT(*) AS c FROM t GROUP BY s ORDER BY s DESC",
    "SELECT s, COUNT(*) AS c FROM t GROUP BY s ORDER BY s",
    "SELECT day FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2024-02-28', DATE '2024-03-01')) AS day ORDER BY day",
    "SELECT d FROM UNNEST(GENERATE_DATE_ARRAY('2024-01-31', '2024-04-01', INTERVAL 1 MONTH)) AS d ORDER BY d",
    "SELECT i FROM UNNEST(GENERATE_ARRAY(1, 3)) AS i ORDER BY i",
    "SELECT id FROM t WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY s ORDER BY id DESC) = 1 ORDER BY id",
    "SELECT * EXCEPT (a, b, r, l, d, e) FROM t ORDER BY id",
    "SELECT LOGICAL_OR(n > 1) AS yes, LOGICAL_AND(n > 1) AS every FROM t",
    "SELECT ANY_VALUE(s HAVING MAX id) AS last FROM t",
]


@pytest.fixture(scope="module", autouse=True)
def _zetasql() -> None:
    require("zetasql")


@lru_cache(maxsize=1)
def _judged() -> list[dict[str, Any]]:
    """What each expression is on each row: one query for all of them, because the judge is slow."""
    columns = ", ".join(f"{text} AS v{number}" for number, text in enumerate(PER_ROW))
    return evaluate(f"{DATA}SELECT id, {columns} FROM t ORDER BY id")[1]


@pytest.mark.parametrize("expression", PER_ROW)
def test_per_row(expression: str) -> None:
    name = f"v{PER_ROW.index(expression)}"
    found = _on_duckdb(f"{DATA}SELECT id, {expression} AS {name} FROM t ORDER BY id")
    _compare(found.to_pylist(), [{"id": row["id"], name: row[name]} for row in _judged()])


@pytest.mark.parametrize("query", WHOLE)
def test_whole_query(query: str) -> None:
    names, want = evaluate(DATA + query)
    found = _on_duckdb(DATA + query)
    assert found.column_names == names
    _compare(found.to_pylist(), want)


def test_what_the_judge_does_not_know() -> None:
    """APPROX_QUANTILES gives values that occur, and MAX_BY the value at the maximum."""
    query = """SELECT APPROX_QUANTILES(CAST(id AS FLOAT64), 2) AS q,
      APPROX_QUANTILES(id, 100)[OFFSET(95)] AS p, MAX_BY(s, id) AS m FROM t"""
    assert _on_duckdb(DATA + query).to_pylist() == [{"q": [1.0, 2.0, 4.0], "p": 4, "m": "x"}]


def test_instants_have_a_zone() -> None:
    found = _on_duckdb("SELECT TIMESTAMP_MILLIS(1) AS a, TIMESTAMP_MICROS(1) AS b, TIMESTAMP_SECONDS(1) AS c")
    assert [str(field.type) for field in found.schema] == ["timestamp[us, tz=UTC]"] * 3


def test_a_bare_numeric_keeps_nine_decimals() -> None:
    query = "SELECT CAST('1.123456789' AS NUMERIC) AS a"
    assert _on_duckdb(query).to_pylist() == [{"a": Decimal("1.123456789")}] == evaluate(query)[1]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("STRING", None, "@p IS NULL OR s = @p"),
        ("STRING", "x", "@p IS NULL OR s = @p"),
        ("DATE", "2024-02-29", "d = @p"),
        ("DATE", None, "@p IS NULL OR d >= @p"),
        ("DATE", "2024-03-01", "d = DATE_SUB(@p, INTERVAL 1 DAY)"),
        ("TIMESTAMP", "2024-02-29T00:00:00Z", "a = @p"),
        ("INT64", 1, "d = DATE_ADD(DATE '2024-02-28', INTERVAL @p DAY)"),
        ("INT64", None, "@p IS NULL"),
        ("FLOAT64", 1.5, "x = @p"),
        ("BOOL", True, "(n > 1) = @p"),
        ("ARRAY<STRING>", [], "ARRAY_LENGTH(@p) = 0 OR s IN UNNEST(@p)"),
        ("ARRAY<STRING>", ["y", "z"], "ARRAY_LENGTH(@p) = 0 OR s IN UNNEST(@p)"),
        ("ARRAY<INT64>", [1, 3], "id IN UNNEST(@p)"),
        ("NUMERIC", "1.5", "CAST(x AS NUMERIC) = @p"),
        ("JSON", '{"k":1}', "JSON_VALUE(@p, '$.k') = CAST(n AS STRING)"),
    ],
)
def test_parameters(tmp_path: Path, kind: str, value: object, text: str) -> None:
    header = f"/* {{title: q, params: [{{name: p, type: '{kind}', default: null}}]}} */"
    path = tmp_path / "q.sql"
    path.write_text(f"{header}{DATA}SELECT id FROM t WHERE {text} ORDER BY id")
    file = sql_files.load(path, tmp_path)
    bound = file.bind({"p": value})
    literal = f"CAST({bigquery_literal(bound['p'], Column('p', kind, True, ''))} AS {kind})"
    assert _on_duckdb(file, bound).to_pylist() == evaluate(file.text.replace("@p", literal))[1]


@pytest.mark.parametrize("text", ["JSON_KEYS(JSON '{}', 3)", "EXTRACT(WEEK(TUESDAY) FROM CURRENT_DATE())"])
def test_what_cannot_be_said_is_refused_by_name(text: str) -> None:
    with pytest.raises(SqlFileError, match=r"cannot be said in DuckDB"):
        _ = sql_files.adhoc(f"SELECT {text} AS x").duckdb


def _on_duckdb(query: str | SqlFile, params: dict[str, Any] | None = None) -> pa.Table:
    file = sql_files.adhoc(query) if isinstance(query, str) else query
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return local._plain(connection.sql(file.duckdb, params=params).to_arrow_table())


def _compare(got: list[dict[str, Any]], want: list[dict[str, Any]]) -> None:
    assert len(got) == len(want)
    for left, right in zip(got, want, strict=True):
        for name in right:
            a, b = plain(left[name]), plain(right[name])
            assert same(a, b), f"{name}: DuckDB {a!r}, BigQuery {b!r} in {right}"
