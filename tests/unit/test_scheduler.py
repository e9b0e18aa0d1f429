"""The clock: what runs when, what coalesces, and what the home says about its layers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import PortalError
from sync_jobs import runs, status
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext, Schedule
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler, first_run
from tests.fixtures.probe import Gate, ProbeLayer, probe_runner, wait_for

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@contextmanager
def started(runner: Runner, tick_seconds: float = 0.1) -> Iterator[Scheduler]:
    scheduler = Scheduler(runner, tick_seconds)
    scheduler.claim()
    scheduler.start()
    try:
        yield scheduler
    finally:
        runner.stop("test over")
        scheduler.stop()
        wait_for(lambda: not runner.active())


def layer_status(runner: Runner) -> dict[str, dict[str, Any]]:
    return {row["layer"]: row for row in runner.cache.state.rows("SELECT * FROM layer_status")}


def last(status_text: str, ago: timedelta) -> dict[str, Any]:
    return {"status": status_text, "started_at": NOW - ago}


@pytest.mark.parametrize(
    ("schedule", "row", "expected"),
    [
        (Schedule.every(3600), None, NOW),
        (Schedule.every(3600), last("success", HOUR / 2), NOW + HOUR / 2),
        (Schedule.every(3600), last("success", 5 * HOUR), NOW),
        (Schedule.every(3600), last("partial", HOUR / 2), NOW + HOUR / 2),
        (Schedule.every(3600), last("failed", HOUR / 2), NOW),
        (Schedule.daily(1), None, NOW),
        (Schedule.daily(1), last("success", 2 * HOUR), NOW + 13 * HOUR),
        (Schedule.daily(1), last("success", 12 * HOUR), NOW),
        (Schedule.daily(13, 30), last("success", 20 * HOUR), NOW + 1.5 * HOUR),
        (Schedule.daily(13, 30), last("success", 30 * HOUR), NOW),
    ],
)
def test_a_missed_run_is_made_up_for_once_at_start(
    schedule: Schedule, row: dict[str, Any] | None, expected: datetime
) -> None:
    assert first_run(schedule, row, NOW) == expected


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule.every(300), "every 5 minutes"),
        (Schedule.every(21600), "every 6 hours"),
        (Schedule.every(3600), "every hour"),
        (Schedule.every(86400), "every day"),
        (Schedule.every(2, stream=True), "every 2 seconds"),
        (Schedule.every(90), "every 90 seconds"),
        (Schedule.daily(1), "daily at 01:00 UTC"),
        (Schedule.on_demand(), "on demand"),
    ],
)
def test_schedules_in_words(schedule: Schedule, words: str) -> None:
    assert schedule.words == words


def test_the_clock_runs_a_layer_again_and_again_but_never_twice_at_once(tmp_path: Path) -> None:
    inside, most, count = 0, 0, 0
    lock = threading.Lock()

    def extract(ctx: RunContext) -> Outcome:
        nonlocal inside, most, count
        with lock:
            inside, count = inside + 1, count + 1
            most = max(most, inside)
        time.sleep(0.35)  # longer than the pause
        with lock:
            inside -= 1
        return Outcome(items_synced=1)

    runner = probe_runner(tmp_path, ProbeLayer(extract, schedule=Schedule.every(0.2)))
    with started(runner):
        wait_for(lambda: count >= 3)
    assert most == 1
    found = runner.cache.state.rows("SELECT trigger, status FROM sync_runs")
    assert {row["trigger"] for row in found} == {"schedule"}
    assert [row["status"] for row in found[:2]] == ["success", "success"]


def test_a_run_due_while_another_process_has_the_layer_is_dropped(tmp_path: Path) -> None:
    gate = Gate()
    by_hand = probe_runner(tmp_path, ProbeLayer(gate))
    run = by_hand.start("probe", "cli")
    assert gate.entered.wait(5)
    clocked = ProbeLayer(schedule=Schedule.every(0.1))
    runner = probe_runner(tmp_path, clocked)
    with started(runner):
        time.sleep(0.5)
        assert clocked.calls == []
        gate.opened.set()
        by_hand.finish(run)
        wait_for(lambda: clocked.calls)
    assert runner.cache.state.rows("SELECT COUNT(*) AS n FROM sync_runs WHERE status = 'failed'")[0]["n"] == 0


def test_the_home_says_what_is_known_of_every_layer(tmp_path: Path) -> None:
    bare = ProbeLayer(name="bare", schedule=Schedule.every(300))
    bare.configured = NotConfigured("No scope is set.", "Set PORTAL_GCP_SCOPE.")
    runner = probe_runner(tmp_path, ProbeLayer(schedule=Schedule.daily(1)), bare)
    with started(runner):
        wait_for(lambda: layer_status(runner)["probe"]["next_sync"])
        rows = layer_status(runner)
        assert set(rows) == {"probe", "bare"}
        assert (rows["probe"]["configured"], rows["probe"]["source"]) == (1, "test://probe")
        assert rows["probe"]["schedule"] == "daily at 01:00 UTC"
        assert rows["probe"]["freshness_target_seconds"] == 60
        assert rows["bare"]["configured"] == 0
        assert rows["bare"]["reason"] == "No scope is set. Set PORTAL_GCP_SCOPE."
        assert rows["bare"]["next_sync"] is None
        seen = rows["probe"]["sidecar_seen"]
        wait_for(lambda: layer_status(runner)["probe"]["sidecar_seen"] > seen)
        assert bare.calls == []
    assert layer_status(runner)["probe"]["next_sync"] is None


def test_a_layer_that_cannot_say_its_source_does_not_hide_the_others(tmp_path: Path) -> None:
    class Broken(ProbeLayer):
        def source(self, settings: Any, cache: Any) -> str:
            raise RuntimeError("boom")

    runner = probe_runner(tmp_path, ProbeLayer(schedule=Schedule.daily(1)), Broken(name="broken"))
    with started(runner) as scheduler:
        assert layer_status(runner)["broken"]["configured"] == 0
        assert "RuntimeError" in layer_status(runner)["broken"]["reason"]
        assert layer_status(runner)["probe"]["configured"] == 1
        assert scheduler.problem is None


def test_a_source_that_comes_and_goes_is_followed(tmp_path: Path) -> None:
    layer = ProbeLayer(schedule=Schedule.every(0.1))
    layer.configured = NotConfigured("not yet", "wait")
    runner = probe_runner(tmp_path, layer)
    with started(runner) as scheduler:
        time.sleep(0.3)
        assert layer.calls == []
        layer.configured = "test://probe"
        wait_for(lambda: layer.calls)
        layer.configured = NotConfigured("gone", "wait")
        wait_for(lambda: scheduler.next_sync() == {})


def test_the_start_fails_what_a_crash_left(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer())
    row = runner.run("probe", "cli")
    runner.cache.state.upsert(
        "sync_runs", [{**row, "run_id": "ghost", "status": "in_progress", "fence": 999}]
    )
    with started(runner):
        ghost = runs.by_id(runner.cache.state, "ghost")
    assert ghost is not None
    assert ghost["status"] == "failed"


def test_one_sidecar_per_home(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer())
    with started(runner):
        with pytest.raises(PortalError, match="already serves"):
            Scheduler(runner).claim()
        assert status.sidecar_process(runner.cache.state) is not None
    assert status.sidecar_process(runner.cache.state) is None
    with started(runner):
        pass


def test_a_sidecar_that_was_replaced_runs_nothing_any_more(tmp_path: Path) -> None:
    layer = ProbeLayer(schedule=Schedule.every(0.1))
    runner = probe_runner(tmp_path, layer)
    with started(runner):
        state = runner.cache.state
        state.execute("UPDATE leases SET expires_at = 0 WHERE name = 'sidecar'")
        with state.transaction():
            successor = state.acquire("sidecar", "successor", 30)
        if successor is None:  # the tick renewed first
            pytest.skip("the tick was faster")
        wait_for(lambda: not runner.active())
        time.sleep(0.5)
        calls = len(layer.calls)
        time.sleep(0.5)
        assert len(layer.calls) == calls


class Curious(ProbeLayer):
    """A layer that is asked for news."""

    mark: str | None = None

    def news(self, settings: Any, cache: Any) -> str | None:
        return self.mark


def test_a_layer_with_news_runs_at_once_and_once_for_each_mark(tmp_path: Path) -> None:
    layer = Curious(schedule=Schedule.every(3600))
    runner = probe_runner(tmp_path, layer)
    with started(runner):
        wait_for(lambda: layer.calls.count("cleanup") == 1)  # it never ran before
        layer.mark = "first"
        wait_for(lambda: layer.calls.count("cleanup") == 2)
        time.sleep(0.5)  # several ticks with the same news
        assert layer.calls.count("cleanup") == 2
        layer.mark = "second"
        wait_for(lambda: layer.calls.count("cleanup") == 3)


def test_news_during_a_run_are_for_the_next_one(tmp_path: Path) -> None:
    gate = Gate()
    layer = Curious(gate, schedule=Schedule.every(3600))
    runner = probe_runner(tmp_path, layer)
    with started(runner):
        wait_for(lambda: layer.calls.count("extract") == 1)
        layer.mark = "while it ran"
        time.sleep(0.4)
        gate.opened.set()
        wait_for(lambda: layer.calls.count("cleanup") == 2)
