"""The local engine reads the cache and nothing else, and writes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from app import sql_files
from app.errors import PortalError, QueryError
from tests.fixtures.exports import Portal, fleet, portal, write


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "outside.csv").write_text("secret\n1\n")
    with portal(folder / "home") as made:
        made.bring(write(folder / "a.json", fleet(3)))
        (made.home / "token.txt").write_text("secret")
        yield made


class Raw:
    """DuckDB's own text, as if the translation let it through."""

    key = "raw"
    extra: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, text: str) -> None:
        self.text = self.duckdb = text

    def bind(self, values: Any) -> dict[str, Any]:
        return dict(values)


def raw(home: Portal, text: str) -> pa.Table:
    return home.engine.query(Raw(text), {})  # type: ignore[arg-type]


WRITES = [
    "COPY (SELECT 1) TO '{home}/cache/stolen.csv'",
    "COPY assets TO '{home}/cache/stolen.parquet'",
    "ATTACH '{home}/cache/new.db'",
    "ATTACH '{home}/state.sqlite' (TYPE sqlite)",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET memory_limit = '90GB'",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "PRAGMA database_list",
    "CREATE TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW assets AS SELECT 1",
    "DELETE FROM sync_runs",
    "INSERT INTO portal_info VALUES ('a', 'b')",
    "UPDATE sync_runs SET status = 'success'",
    "DROP VIEW assets",
    "EXPORT DATABASE '{home}/cache/dump'",
    "CALL pragma_version()",
    "EXPLAIN ANALYZE SELECT 1",
    "CHECKPOINT",
    "BEGIN",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW assets",
    "",
    ";",
    "-- nothing",
]


@pytest.mark.parametrize("statement", WRITES)
def test_only_one_select_is_let_in(home: Portal, statement: str) -> None:
    before = {path for path in home.home.rglob("*") if path.is_file()}
    with pytest.raises(PortalError):
        raw(home, statement.format(home=home.home))
    assert {path for path in home.home.rglob("*") if path.is_file()} == before
    assert len(home.names()) == 3


READS = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_text('{home}/token.txt')",
    "SELECT * FROM read_text('{home}/cache/../token.txt')",
    "SELECT * FROM read_blob('{home}/state.sqlite')",
    "SELECT * FROM read_csv('{home}/../outside.csv')",
    "SELECT * FROM glob('{home}/*')",
    "SELECT * FROM read_parquet('http://127.0.0.1:1/a.parquet')",
    "SELECT * FROM sqlite_scan('{home}/state.sqlite', 'leases')",
    "SELECT * FROM read_json('/proc/self/environ')",
]


@pytest.mark.parametrize("query", READS)
def test_nothing_but_the_cache_can_be_read(home: Portal, query: str) -> None:
    with pytest.raises(PortalError, match=r"not allowed|does not exist|not in the catalog") as refused:
        raw(home, query.format(home=home.home))
    assert refused.value.hint


def test_the_environment_of_the_process_stays_closed(home: Portal) -> None:
    with pytest.raises(PortalError):
        raw(home, "SELECT getenv('HOME')")


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM assets WHERE true", "SELECT 1; SELECT 2", "CREATE TABLE a AS SELECT 1", "SELEC 1", ""],
)
def test_the_same_through_the_front_door(home: Portal, sql: str) -> None:
    with pytest.raises(PortalError):
        home.ask(sql)


def test_a_query_over_the_time_limit_is_stopped(home: Portal) -> None:
    with portal(home.home, query_timeout_seconds=1) as hasty:
        began = time.monotonic()
        with pytest.raises(QueryError, match="longer than 1 s"):
            raw(hasty, "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
        assert time.monotonic() - began < 10
        assert len(hasty.names()) == 3, "the engine goes on"


def test_a_query_over_the_memory_limit_is_an_error(home: Portal) -> None:
    with portal(home.home, memory_limit="100MB") as tight:
        with pytest.raises(QueryError, match="memory"):
            raw(tight, "SELECT list(range::VARCHAR || 'padding padding padding') FROM range(20000000)")
        assert len(tight.names()) == 3, "the engine goes on"


def test_parameters_are_bound(home: Portal) -> None:
    nasty = "x' OR '1'='1"
    assert home.ask("SELECT @a AS a", a=nasty) == [{"a": nasty}]
    assert home.ask("SELECT name FROM assets WHERE name = @a", a=nasty) == []
    values = {
        "n": 7, "f": 1.5, "b": True, "d": date(2026, 3, 1), "t": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "l": ["a", "b'c"],
    }  # fmt: skip
    assert home.ask("SELECT @n AS n, @f AS f, @b AS b, @d AS d, @t AS t, @l AS l", **values) == [values]
    with pytest.raises(PortalError):
        home.ask("SELECT @missing AS a")


def test_types_are_those_of_the_contract(home: Portal) -> None:
    query = sql_files.adhoc("SELECT resource, ancestors, update_time, labels FROM assets", {})
    table = home.engine.query(query, {})
    assert table.schema.field("resource").type == pa.string()
    assert table.schema.field("labels").type == pa.string()
    assert table.schema.field("ancestors").type == pa.list_(pa.string())
    assert table.schema.field("update_time").type == pa.timestamp("us", "UTC")


def test_a_limit_is_kept(home: Portal) -> None:
    query = sql_files.adhoc("SELECT name FROM assets ORDER BY name -- last", {})
    assert home.engine.query(query, {}, limit=2).num_rows == 2


def test_errors_say_what_is_wrong(home: Portal) -> None:
    with pytest.raises(QueryError, match="no_such_column"):
        home.ask("SELECT no_such_column FROM assets")
    with pytest.raises(QueryError, match="no_such_table"):
        home.ask("SELECT 1 FROM no_such_table")


def test_an_estimate_is_the_size_of_the_files(home: Portal) -> None:
    query = sql_files.adhoc("SELECT name FROM assets", {})
    size = sum((home.home / "cache" / file).stat().st_size for file in home.manifest().files("assets"))
    assert home.engine.estimate(query, {}).bytes == size


def test_a_home_that_does_not_exist_is_empty_and_stays_so(tmp_path: Path) -> None:
    with portal(tmp_path / "none") as nobody:
        assert nobody.ask("SELECT * FROM assets") == []
        assert nobody.ask("SELECT * FROM sync_runs") == []
    assert not (tmp_path / "none").exists()
