"""Processes that meet, die or are told to stop in the middle of a run."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_jobs import runs
from sync_jobs.store.state import State
from tests.conftest import ROOT
from tests.fixtures.processes import free_port

Start = Any


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run of the probe layer in a process of its own; kills what is left after the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, wait: bool = True) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.tools.run_probe", str(tmp_path), *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def result(process: subprocess.Popen[str], seconds: float = 20) -> dict[str, Any]:
    out, _ = process.communicate(timeout=seconds)
    answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return answer


def rows(home: Path) -> list[dict[str, Any]]:
    found = State(home).rows("SELECT * FROM sync_runs ORDER BY started_at")
    return [runs.decoded(row) for row in found]


def test_of_two_processes_one_runs_the_layer(start: Start, tmp_path: Path) -> None:
    both = [start("race", wait=False) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [result(process) for process in both]
    done = [answer for answer in answers if "run_id" in answer]
    refused = [answer for answer in answers if answer.get("error") == "Busy"]
    assert (len(done), len(refused)) == (1, 1), answers
    assert done[0]["run_id"] in refused[0]["message"]
    assert sorted(process.returncode for process in both) == [0, 1]
    assert [row["status"] for row in rows(tmp_path)] == ["success"]


def test_after_kill_9_the_next_run_goes_at_once_and_repairs(start: Start, tmp_path: Path) -> None:
    victim = start("patient")
    victim.kill()
    victim.wait(10)
    assert [row["status"] for row in rows(tmp_path)] == ["in_progress"]
    began = time.monotonic()
    assert result(start("quick"))["status"] == "success"
    assert time.monotonic() - began < 10  # far less than the lease's time to live
    failed, succeeded = rows(tmp_path)
    assert (failed["status"], succeeded["status"]) == ("failed", "success")
    assert failed["error_messages"] == [runs.CRASHED]
    assert failed["hint"]
    assert succeeded["fence"] > failed["fence"]


@pytest.mark.parametrize("behaviour", ["patient", "deaf"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_within_ten_seconds(
    start: Start, tmp_path: Path, behaviour: str, number: signal.Signals
) -> None:
    process = start(behaviour)
    began = time.monotonic()
    process.send_signal(number)
    row = result(process)
    assert time.monotonic() - began < 10
    assert row["status"] == "failed"
    assert f"Interrupted: the process got {number.name}" in row["error_messages"][0]
    assert [row["status"] for row in rows(tmp_path)] == ["failed"]
    assert State(tmp_path).rows("SELECT * FROM leases") == []


@pytest.mark.parametrize("behaviour", ["patient", "deaf"])
def test_a_sidecar_told_to_stop_ends_its_runs_in_order(start: Start, tmp_path: Path, behaviour: str) -> None:
    process = start(behaviour, str(free_port()))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    assert time.monotonic() - began < 10
    (row,) = rows(tmp_path)
    assert row["status"] == "failed"
    assert "Interrupted: the sidecar got SIGTERM" in row["error_messages"][0]
    assert State(tmp_path).rows("SELECT * FROM leases") == []


def test_a_sidecar_ends_in_time_although_its_store_is_stuck(start: Start, tmp_path: Path) -> None:
    """As on a disk that hangs: somebody holds the lock of the store and does not let go."""
    process = start("patient", str(free_port()))
    with sqlite3.connect(tmp_path / "state.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1)  # by then the sidecar waits for the lock to renew its lease
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 1
        assert time.monotonic() - began < 10
        other.execute("ROLLBACK")
    assert result(start("quick"))["status"] == "success", "the next one mends what was left"


def test_a_sidecar_killed_in_the_middle_is_repaired_by_the_next(start: Start, tmp_path: Path) -> None:
    victim = start("patient", str(free_port()))
    victim.kill()
    victim.wait(10)
    assert [row["status"] for row in rows(tmp_path)] == ["in_progress"]
    start("patient", str(free_port()))  # runs the layer at once, because its last run failed
    assert [row["status"] for row in rows(tmp_path)] == ["failed", "in_progress"]
