"""The local cache between processes: never blocked, never torn, never older after newer, whole after kill -9."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import LeaseLost, PortalError
from app.manifest import path_in
from app.schema import tables
from sync_jobs import runner
from sync_jobs.store.cache import GRACE_SECONDS, Cache
from sync_jobs.store.state import State
from tests.conftest import ROOT
from tests.fixtures.exports import Portal, fleet, portal, write
from tests.tools.import_loop import FLEET

QUERY = """
SELECT MIN(turn) AS oldest, MAX(turn) AS newest, COUNT(*) AS assets,
  (SELECT COUNT(*) FROM asset_changes) AS changes,
  (SELECT SUM(resources) FROM resources_daily WHERE date = (SELECT MAX(date) FROM resources_daily)) AS counted
FROM (SELECT CAST(JSON_VALUE(resource, '$.data.turn') AS INT64) AS turn FROM assets)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Portal]:
    with portal(tmp_path / "home") as made:
        yield made


class Writer:
    """See tests/tools/import_loop.py."""

    def __init__(self, home: Path, folder: Path, grace: float) -> None:
        folder.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.import_loop", str(home), str(folder), str(grace)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.line() == "ready"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def start(self, first: int, count: int) -> int:
        """Start a child; its process id."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{first} {count}\n")
        self.process.stdin.flush()
        while not (line := self.line()).startswith("pid "):
            assert self.process.poll() is None
        return int(line.removeprefix("pid "))

    def wait(self) -> None:
        while self.line() != "end":
            assert self.process.poll() is None

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def writer(home: Portal, tmp_path: Path, grace: float = GRACE_SECONDS) -> Iterator[Writer]:
    made = Writer(home.home, tmp_path / "exports", grace)
    try:
        yield made
    finally:
        made.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def seen(home: Portal) -> int:
    """The generation that is visible, 0 for none. Fails on a mixture of two."""
    (row,) = home.ask(QUERY)
    if row["assets"] == 0:
        assert (row["changes"], row["counted"]) == (0, None), row
        return 0
    turn = int(row["newest"])
    assert row["oldest"] == turn, row
    assert (row["assets"], row["changes"], row["counted"]) == (FLEET, FLEET * (turn - 1), FLEET), row
    return turn


@pytest.mark.parametrize(
    ("grace", "generations"), [(GRACE_SECONDS, 30), (0.0, 8)], ids=["kept", "swept at once"]
)
def test_a_reader_beside_a_writer(home: Portal, tmp_path: Path, grace: float, generations: int) -> None:
    with writer(home, tmp_path, grace) as beside:
        child = beside.start(1, generations)
        states, slowest = [seen(home)], 0.0
        while alive(child):
            began = time.monotonic()
            states.append(seen(home))
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.01)
        states.append(seen(home))
    assert states == sorted(states), "an older state came after a newer one"
    assert states[-1] == generations
    assert len(set(states)) > generations / 2, "the reader saw hardly any of them"
    assert slowest < 5, "a query waited for the writer"


@pytest.mark.timeout(180)
def test_kill_9_of_the_writer_at_any_moment(home: Portal, tmp_path: Path) -> None:
    chance = random.Random(20260302)
    with writer(home, tmp_path) as beside:
        began = time.monotonic()
        child = beside.start(1, 1)
        beside.wait()
        one, last = time.monotonic() - began, seen(home)  # on a machine with other work it takes longer
        for _ in range(20):
            child = beside.start(last + 1, 1000)
            time.sleep(chance.uniform(0.02, max(0.6, 2 * one)))
            os.kill(child, signal.SIGKILL)
            while alive(child):
                time.sleep(0.005)
            now = seen(home)
            assert now >= last, "kill -9 brought an older state back"
            last = now
            with portal(home.home) as fresh:
                assert seen(fresh) == now
        beside.start(last + 1, 1)
        beside.wait()
    assert seen(home) == last + 1
    assert last > 2, "no generation was ever finished before the kill"
    unfinished = home.ask("SELECT run_id FROM sync_runs WHERE status = 'in_progress'")
    assert unfinished == []
    assert list((home.home / "tmp").rglob("*.parquet")) == []


def test_what_a_killed_writer_left_is_swept(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    cache = home.home / "cache"
    left = [
        cache / "assets" / "lost.parquet",
        cache / "manifest.4711.tmp",
        home.home / "tmp" / "assets" / "x.parquet",
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (1, 1))
    young = cache / "assets" / "young.parquet"
    young.write_bytes(b"half")
    home.bring(write(tmp_path / "b.json", fleet(3)))
    assert [path for path in left if path.exists()] == []
    assert young.exists(), "somebody may be about to publish it"
    assert len(home.names()) == 3


def test_files_that_left_stay_for_the_readers_that_hold_them(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    (old,) = home.manifest().files("assets")
    home.bring(write(tmp_path / "b.json", fleet(3)))
    assert (home.home / "cache" / old).exists()
    path = path_in(home.home)
    manifest = json.loads(path.read_bytes())
    assert old in manifest["retired"]
    manifest["retired"][old] -= GRACE_SECONDS + 1
    path.write_text(json.dumps(manifest))
    Cache(home.home).sweep()
    assert not (home.home / "cache" / old).exists()
    assert len(home.names()) == 3


def test_without_the_lease_nothing_is_published(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    cache, before = Cache(home.home), home.manifest()
    late = cache.state.acquire("test", "late", -1)
    other = cache.state.acquire("test", "other", 60)
    assert late is not None
    assert other is not None
    assert other.fence > late.fence
    with pytest.raises(LeaseLost, match="taken over by other"):
        cache.publish(late, {"assets": []}, {})
    with pytest.raises(LeaseLost):
        cache.state.renew(late, 60)
    cache.state.release(late)  # does not take it from the other
    assert home.manifest() == before
    cache.publish(other, {}, {"fact": "1"})
    assert home.manifest().generation == before.generation + 1
    cache.state.release(other)
    with pytest.raises(LeaseLost, match="given up"):
        cache.publish(other, {"assets": []}, {})


def test_a_run_that_loses_its_lease_publishes_nothing(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    before = home.manifest()
    state = State(home.home)

    def steal(done: int, total: int | None, unit: str) -> None:
        with state.transaction():
            state.execute("DELETE FROM leases")

    row = runner.run("assets", "cli", {"paths": [write(tmp_path / "b.json", fleet(5))]}, home.settings, steal)
    assert row["status"] == "failed", row
    assert home.manifest() == before
    assert len(home.names()) == 2


DAMAGED = {"nothing": b"", "text": b"oops", "cut": b'{"generation": 3, "tab', "a list": b"[]", "no tables": b'{"generation": 3}',
           "wrong types": b'{"generation": "x", "tables": 5, "info": {}, "retired": {}}'}  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_manifest_is_said(home: Portal, tmp_path: Path, content: bytes) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    path_in(home.home).write_bytes(content)
    with portal(home.home) as fresh, pytest.raises(PortalError, match=r"manifest\.json is damaged") as said:
        fresh.names()
    assert "restore" in said.value.hint
    with pytest.raises(PortalError, match="damaged"):
        home.names()
    run = home.bring(write(tmp_path / "b.json", fleet(3)))
    assert run["status"] == "failed"
    assert "damaged" in run["error_messages"][0]
    assert path_in(home.home).read_bytes() == content, "what may still be mended is not overwritten"


def test_a_damaged_file_of_the_cache_is_said(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    (file,) = home.manifest().files("assets")
    (home.home / "cache" / file).write_bytes(b"PAR1" + b"\0" * 50)
    with portal(home.home) as fresh, pytest.raises(PortalError, match="could not be read") as said:
        fresh.names()
    assert said.value.hint
    (home.home / "cache" / file).unlink()
    with portal(home.home) as fresh, pytest.raises(PortalError, match="could not be read"):
        fresh.names()


def test_a_state_of_an_older_version_is_said(home: Portal, tmp_path: Path) -> None:
    """Pages of a new version may run before its sidecar has brought the home up to date."""
    home.bring(write(tmp_path / "a.json", fleet(2)))
    with sqlite3.connect(home.home / "state.sqlite") as older:
        older.execute("DROP TABLE drift_daily")
    with portal(home.home) as fresh, pytest.raises(PortalError, match="older version of the portal") as said:
        fresh.ask("SELECT * FROM drift_daily")
    assert "sync_jobs serve" in said.value.hint
    with portal(home.home) as fresh:
        assert len(fresh.ask("SELECT * FROM sync_runs")) == 1, "what is there can be read"


def test_a_damaged_state_file_is_said(home: Portal, tmp_path: Path) -> None:
    home.bring(write(tmp_path / "a.json", fleet(2)))
    path = home.home / "state.sqlite"
    for extra in ("state.sqlite-wal", "state.sqlite-shm"):
        (home.home / extra).unlink(missing_ok=True)
    path.write_bytes(b"this is no database" * 500)
    with portal(home.home) as fresh, pytest.raises(PortalError, match=r"state\.sqlite is damaged") as said:
        fresh.ask("SELECT * FROM sync_runs")
    assert said.value.hint
    with pytest.raises(PortalError, match=r"state\.sqlite is damaged"):
        State(home.home)
    with pytest.raises(PortalError, match="damaged"):
        home.bring(write(tmp_path / "b.json", fleet(3)))


def test_a_state_file_with_lost_pages_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    state = State(folder)
    state.upsert("policies", [policy_row(i) for i in range(500)])
    state.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    state.close()
    path = folder / "state.sqlite"
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(bytes(content))
    with portal(folder) as fresh, pytest.raises(PortalError, match="damaged"):
        fresh.ask("SELECT * FROM policies")


def policy_row(number: int) -> dict[str, Any]:
    fill = {"STRING": "text", "INT64": number, "BOOL": True, "JSON": {"a": 1}, "FLOAT64": 0.5}
    row = {column.name: fill.get(column.type) for column in tables()["policies"].columns}
    row.update(
        {column.name: [] for column in tables()["policies"].columns if column.type.startswith("ARRAY")}
    )
    row.update(dict.fromkeys(tables()["policies"].primary_key, f"rule-{number}"))
    return row
