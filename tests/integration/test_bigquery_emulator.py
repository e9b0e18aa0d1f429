"""The emulator fixture itself, and the engine on it: types, parameters, limits."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from app.engines.bigquery import BigQueryEngine
from app.errors import Permanent, QueryError
from app.sql_files import adhoc, get
from sync_jobs.setup.bigquery import setup
from tests.conftest import ROOT, require
from tests.fixtures.bqemulator import VENV, Emulator


def test_a_fresh_dataset_answers_queries(bq_emulator: Emulator, bq_dataset: str) -> None:
    client = bq_emulator.client(bq_dataset)
    client.query("CREATE TABLE t (a INT64, j JSON)").result()
    client.query("""INSERT INTO t VALUES (1, JSON '{"k": "v"}')""").result()
    rows = client.query("SELECT a, JSON_VALUE(j, '$.k') AS k FROM t").result()
    assert [tuple(row.values()) for row in rows] == [(1, "v")]


def test_no_emulator_outlives_its_parent() -> None:
    require("bigquery")
    host = [str(VENV / "bin" / "python"), str(ROOT / "tests" / "tools" / "bqemulator_host.py")]
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,"
            " stderr=subprocess.DEVNULL)\n"
            "print(child.pid, flush=True)\ntime.sleep(60)",
            *host,
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, "HOME": str(VENV / "home")},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{child}").exists()


@pytest.fixture
def engine(bq_emulator: Emulator, bq_dataset: str, tmp_path: Path) -> BigQueryEngine:
    return BigQueryEngine(bq_emulator.settings(tmp_path, bq_dataset))


def ask(engine: BigQueryEngine, sql: str, limit: int | None = None, **params: object) -> pa.Table:
    return engine.query(adhoc(sql, params), params, limit=limit)


TYPES = """
SELECT
  JSON '{"a":1}' AS j, DATE '2026-01-02' AS d, TIMESTAMP '2026-01-02 03:04:05.123456+00' AS t,
  ['a', 'b'] AS l, 1 AS i, 1.5 AS f, TRUE AS b, 'x' AS s, CAST(NULL AS STRING) AS n
"""


@pytest.mark.parametrize("where", ["", " LIMIT 0"])
def test_types_are_the_portals_whether_or_not_there_are_rows(engine: BigQueryEngine, where: str) -> None:
    table = ask(engine, TYPES + where)
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == {
        "j": pa.string(),
        "d": pa.date32(),
        "t": pa.timestamp("us", "UTC"),
        "l": pa.list_(pa.string()),
        "i": pa.int64(),
        "f": pa.float64(),
        "b": pa.bool_(),
        "s": pa.string(),
        "n": pa.string(),
    }
    if not where:
        (row,) = table.to_pylist()
        assert row["j"] == '{"a":1}'
        assert row["t"] == dt.datetime(2026, 1, 2, 3, 4, 5, 123456, dt.UTC)
        assert row["l"] == ["a", "b"]
        assert row["n"] is None


def test_every_type_of_parameter_arrives(engine: BigQueryEngine) -> None:
    when = dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC)
    given = {
        "s": "it's; -- \u2603",
        "i": 2**53 + 1,
        "f": 0.1,
        "b": False,
        "d": dt.date(2026, 1, 2),
        "t": when,
        "l": ["p", "q"],
        "e": [],
        "n": None,
    }
    sql = "SELECT @s AS s, @i AS i, @f AS f, @b AS b, @d AS d, @t AS t, @l AS l, @e AS e, @n AS n"
    assert ask(engine, sql, **given).to_pylist() == [given]


def test_a_union_is_a_select_too(engine: BigQueryEngine) -> None:
    assert ask(engine, "SELECT 1 AS a UNION ALL SELECT 2 ORDER BY a")["a"].to_pylist() == [1, 2]


def test_a_limit_stops_reading(engine: BigQueryEngine) -> None:
    table = ask(engine, "SELECT x FROM UNNEST(GENERATE_ARRAY(1, 1000)) AS x ORDER BY x", limit=3)
    assert table["x"].to_pylist() == [1, 2, 3]


def test_many_rows_come_in_several_pages(engine: BigQueryEngine) -> None:
    table = ask(engine, "SELECT x FROM UNNEST(GENERATE_ARRAY(1, 120000)) AS x ORDER BY x")
    assert table["x"].to_pylist() == list(range(1, 120_001))


def test_bad_sql_and_a_missing_table(engine: BigQueryEngine) -> None:
    with pytest.raises(QueryError, match="BigQuery refused the SQL"):
        ask(engine, "SELECT nope FROM (SELECT 1 AS a)")
    with pytest.raises(Permanent, match="nowhere was not found") as caught:
        ask(engine, "SELECT * FROM nowhere")
    assert "setup bigquery" in caught.value.hint


def test_a_shipped_file_runs_on_fresh_tables(bq_emulator: Emulator, bq_dataset: str, tmp_path: Path) -> None:
    settings = bq_emulator.settings(tmp_path, bq_dataset)
    setup(settings, dry_run=False)
    table = BigQueryEngine(settings).query(get("pages/sync_status/layers"), {})
    assert table.num_rows == 0
    assert table.schema.field("last_sync").type == pa.timestamp("us", "UTC")
