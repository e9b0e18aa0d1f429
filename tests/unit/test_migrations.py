"""state.sqlite's shape: every step from every version, and what it has to agree with."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import PortalError
from app.manifest import PARQUET_TABLES
from app.schema import Column, Table, tables
from sync_jobs.store import migrations
from sync_jobs.store.state import State
from tests.conftest import ROOT

LATEST = migrations.latest()
HOT = [table for name, table in tables().items() if name not in PARQUET_TABLES]
STORED = {"INT64": "INTEGER", "TIMESTAMP": "INTEGER", "BOOL": "INTEGER", "FLOAT64": "REAL", "BYTES": "BLOB"}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None)
    yield made
    made.close()


def shape(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


@pytest.fixture
def wanted() -> Iterator[list[tuple[object, ...]]]:
    """The shape of a new file."""
    made = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(made)
    yield shape(made)
    made.close()


@pytest.mark.parametrize("start", range(LATEST + 1))
def test_from_every_version_to_the_latest(
    connection: sqlite3.Connection, wanted: list[tuple[object, ...]], start: int
) -> None:
    migrations.migrate(connection, start)
    assert migrations.version(connection) == start
    if start:
        connection.execute("INSERT INTO portal_info VALUES ('kept', 'yes', 1)")
    migrations.migrate(connection)
    assert migrations.version(connection) == LATEST
    assert shape(connection) == wanted
    if start:
        assert connection.execute("SELECT value FROM portal_info WHERE key = 'kept'").fetchall() == [("yes",)]
    migrations.migrate(connection)  # once more changes nothing
    assert shape(connection) == wanted


def test_a_step_that_fails_leaves_the_version_before(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "0001_first.sql"
    first.write_text("CREATE TABLE a (x INTEGER);\nCREATE TABLE b (x INTEGER);\n")
    second = tmp_path / "0002_second.sql"
    second.write_text("CREATE TABLE c (x INTEGER);\nCREATE TABLE a (x INTEGER);\n")
    monkeypatch.setattr(migrations, "steps", lambda: ((1, first), (2, second)))
    migrations.migrate(connection, 1)
    before = shape(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrations.migrate(connection)
    assert (migrations.version(connection), shape(connection)) == (1, before)


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    State(tmp_path).close()
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 1}")
    with pytest.raises(PortalError, match="newer version") as refused:
        State(tmp_path)
    assert "Upgrade" in refused.value.hint
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        assert migrations.version(connection) == LATEST + 1


def test_a_new_home_that_another_process_is_about_to_write_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses a switch to WAL beside a writer of a new file at once, whatever the timeout."""
    other = sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Timer(0.4, other.execute, ["COMMIT"])
    done.start()
    State(tmp_path).set_info("name", "here")
    done.join()
    other.close()
    assert State(tmp_path).info("name") == "here"


def test_processes_that_migrate_at_once(tmp_path: Path, wanted: list[tuple[object, ...]]) -> None:
    code = (
        "import sys; from pathlib import Path; from sync_jobs.store.state import State; print('ready', flush=True);"
        "sys.stdin.readline(); State(Path(sys.argv[1])).set_info(sys.argv[2], 'here')"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "home"), str(number)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(3)
    ]  # fmt: skip
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with sqlite3.connect(tmp_path / "home" / "state.sqlite") as connection:
        assert migrations.version(connection) == LATEST
        assert shape(connection) == wanted
        assert connection.execute("SELECT count(*) FROM portal_info").fetchone() == (3,)


@pytest.mark.parametrize("table", HOT, ids=lambda table: table.name)
def test_the_state_file_agrees_with_the_schema(connection: sqlite3.Connection, table: Table) -> None:
    migrations.migrate(connection)
    found = connection.execute(f"PRAGMA table_info({table.name})").fetchall()
    columns = {name: (kind, bool(required)) for _, name, kind, required, _, _ in found}
    bookkeeping = {"_rev": ("INTEGER", True)}
    assert columns == {c.name: (stored(c), not c.nullable) for c in table.columns} | bookkeeping
    key = {name: position for _, name, _, _, _, position in found if position}
    assert sorted(key, key=lambda name: key[name]) == list(table.primary_key)


def stored(column: Column) -> str:
    return STORED.get(column.type, "TEXT")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["0001_a.sql", "0003_b.sql"], "without gaps"),
        (["0001_a.sql", "0001_b.sql"], "without gaps"),
        (["0002_a.sql"], "without gaps"),
        (["1_a.sql"], "not named NNNN_name.sql"),
    ],
)
def test_wrongly_numbered_steps_are_refused(tmp_path: Path, names: list[str], complaint: str) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(PortalError, match=complaint):
        migrations.steps(tmp_path)
