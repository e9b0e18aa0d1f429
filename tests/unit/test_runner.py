"""The runner: one row and one lease per run, and a row that says how it ended, whatever happened."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Busy, LeaseLost, Permanent, Retryable, SettingsError
from sync_jobs import runs
from sync_jobs.layers.base import NotConfigured, NotConfiguredError, Outcome, RunContext, Schedule, Unknown
from sync_jobs.run import BACKOFF_SECONDS
from sync_jobs.runner import Runner
from tests.fixtures.probe import Gate, ProbeLayer, probe_runner, wait_for

STREAM = Schedule.every(2, stream=True)


def stored(runner: Runner) -> list[dict[str, Any]]:
    found = runner.cache.state.rows("SELECT * FROM sync_runs ORDER BY started_at")
    return [runs.decoded(row) for row in found]


def fail_with(error: Exception) -> ProbeLayer:
    def extract(ctx: RunContext) -> Outcome:
        raise error

    return ProbeLayer(extract)


def test_a_run_leaves_one_row_with_all_fields(tmp_path: Path) -> None:
    layer = ProbeLayer()
    runner = probe_runner(tmp_path, layer)
    before = datetime.now(UTC)
    row = runner.run("probe", "cli")
    assert stored(runner) == [row]
    assert layer.calls == ["extract", "normalise", "store", "cleanup"]
    assert row["layer"] == "probe"
    assert row["trigger"] == "cli"
    assert row["status"] == "success"
    assert row["items_synced"] == 3
    assert row["items_failed"] == 0
    assert row["error_messages"] == []
    assert row["missed"] == []
    assert row["attempt"] == 1
    assert row["source"] == "test://probe"
    assert row["details"] == {"kinds": 2}
    assert row["fence"] >= 1
    assert before <= row["started_at"] <= row["finished_at"]
    assert 0 < row["sync_duration_seconds"] < 5
    assert runner.cache.state.rows("SELECT * FROM leases") == []
    assert runner.active() == []


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(items_synced=5, items_failed=1),
        Outcome(items_synced=5, missed=["folders/2"]),
        Outcome(items_synced=5, errors=["one page was cut off"], hint="Ask again."),
    ],
)
def test_what_is_not_whole_is_partial(tmp_path: Path, outcome: Outcome) -> None:
    row = probe_runner(tmp_path, ProbeLayer(lambda ctx: outcome)).run("probe", "cli")
    assert row["status"] == "partial"
    assert row["items_synced"] == 5
    assert row["missed"] == outcome.missed
    assert row["error_messages"] == outcome.errors


def test_unknown_fails_and_stores_nothing(tmp_path: Path) -> None:
    layer = ProbeLayer(lambda ctx: Unknown("permission denied on folders/1", "Grant roles/viewer."))
    row = probe_runner(tmp_path, layer).run("probe", "cli")
    assert (row["status"], row["error_messages"]) == ("failed", ["permission denied on folders/1"])
    assert row["hint"] == "Grant roles/viewer."
    assert layer.calls == ["extract", "cleanup"]


def test_an_unexpected_error_is_explained_without_its_traceback(tmp_path: Path) -> None:
    row = probe_runner(tmp_path, fail_with(KeyError("assetType"))).run("probe", "cli")
    assert row["status"] == "failed"
    assert "KeyError" in row["error_messages"][0]
    assert "Traceback" not in str(row)
    assert row["hint"]


def test_credentials_never_reach_the_row(tmp_path: Path) -> None:
    error = Permanent("clone of https://bob:hunter2@git.example.test/lz failed", "Check it.")
    row = probe_runner(tmp_path, fail_with(error)).run("probe", "cli")
    assert "hunter2" not in str(row)


def test_the_pauses_before_retries_are_those_of_the_contract() -> None:
    assert BACKOFF_SECONDS == (5, 30, 300)


def test_a_retryable_error_is_tried_again_and_noted(tmp_path: Path) -> None:
    times: list[float] = []

    def extract(ctx: RunContext) -> Outcome:
        times.append(time.monotonic())
        assert ctx.attempt == len(times)
        if len(times) < 3:
            raise Retryable(f"quota exceeded {len(times)}", "Wait.")
        return Outcome(items_synced=1)

    runner = probe_runner(tmp_path, ProbeLayer(extract), backoff=(0.1, 0.3, 5))
    row = runner.run("probe", "cli")
    assert (row["status"], row["attempt"]) == ("success", 3)
    assert row["details"]["retries"] == ["quota exceeded 1", "quota exceeded 2"]
    assert 0.1 <= times[1] - times[0] < 0.29
    assert 0.3 <= times[2] - times[1] < 2


def test_retries_end(tmp_path: Path) -> None:
    layer = fail_with(Retryable("service away", "Wait."))
    row = probe_runner(tmp_path, layer).run("probe", "cli")
    assert (row["status"], row["attempt"]) == ("failed", 4)
    assert row["error_messages"] == ["service away"]
    assert layer.calls.count("extract") == layer.calls.count("cleanup") == 4


@pytest.mark.parametrize("error", [Permanent("no", "x"), ValueError("no"), LeaseLost("no", "x")])
def test_other_errors_are_not_retried(tmp_path: Path, error: Exception) -> None:
    layer = fail_with(error)
    assert probe_runner(tmp_path, layer).run("probe", "cli")["status"] == "failed"
    assert layer.calls.count("extract") == 1


def test_a_stop_cuts_the_pause_before_a_retry_short(tmp_path: Path) -> None:
    layer = fail_with(Retryable("service away", "Wait."))
    runner = probe_runner(tmp_path, layer, backoff=(60,))
    run = runner.start("probe", "cli")
    wait_for(lambda: layer.calls)
    began = time.monotonic()
    runner.stop("test over")
    row = runner.finish(run)
    assert time.monotonic() - began < 2
    assert "Interrupted: test over" in row["error_messages"][0]


def test_the_time_limit_ends_a_run(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer(Gate()), settings={"layer_timeout_seconds": 1})
    row = runner.run("probe", "cli")
    assert row["status"] == "failed"
    assert "longer than the 1 s" in row["error_messages"][0]
    assert "PORTAL_LAYER_TIMEOUT_SECONDS" in row["hint"]
    assert not runner.abandoned


def test_a_layer_that_does_not_stop_is_left_and_can_publish_nothing(tmp_path: Path) -> None:
    go_on = threading.Event()
    published: list[str] = []

    def extract(ctx: RunContext) -> Outcome:
        go_on.wait(20)
        try:
            ctx.cache.state.check(ctx.lease)
            published.append("yes")
        except LeaseLost:
            published.append("refused")
        return Outcome()

    runner = probe_runner(tmp_path, ProbeLayer(extract), grace=0.3)
    run = runner.start("probe", "cli")
    runner.stop("test over")
    row = runner.finish(run)
    assert row["status"] == "failed"
    assert runner.abandoned
    go_on.set()
    wait_for(lambda: published)
    assert published == ["refused"]
    assert stored(runner) == [row]


def test_a_second_run_of_the_layer_is_refused_and_leaves_no_row(tmp_path: Path) -> None:
    gate = Gate()
    runner = probe_runner(tmp_path, ProbeLayer(gate), ProbeLayer(name="other"))
    run = runner.start("probe", "schedule")
    assert gate.entered.wait(5)
    other_runner = probe_runner(tmp_path, ProbeLayer(gate))
    with pytest.raises(Busy, match=run.run_id):
        other_runner.run("probe", "cli")
    assert runner.run("other", "cli")["status"] == "success"
    gate.opened.set()
    assert runner.finish(run)["status"] == "success"
    assert [row["layer"] for row in stored(runner)] == ["probe", "other"]


def test_a_layer_without_a_source_runs_only_on_given_files(tmp_path: Path) -> None:
    layer = ProbeLayer()
    layer.configured = NotConfigured("no scope is set.", "Set PORTAL_GCP_SCOPE.")
    runner = probe_runner(tmp_path, layer)
    with pytest.raises(NotConfiguredError, match="no scope is set"):
        runner.run("probe", "cli")
    assert stored(runner) == []
    assert runner.run("probe", "cli", {"paths": ["a.json"]})["status"] == "success"
    assert layer.contexts[0].options == {"paths": ["a.json"]}


def test_an_unknown_layer_is_told_with_those_there_are(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer())
    with pytest.raises(SettingsError, match=r"no layer 'prob'.*probe"):
        runner.run("prob", "cli")


def test_progress_is_in_the_row_while_the_run_goes_on(tmp_path: Path) -> None:
    gate = Gate()
    told: list[tuple[int, int | None, str]] = []

    def extract(ctx: RunContext) -> Outcome:
        ctx.progress(5, 10, "assets")
        return gate(ctx)

    runner = probe_runner(tmp_path, ProbeLayer(extract))
    run = runner.start("probe", "page", progress=lambda *seen: told.append(seen))
    finisher = threading.Thread(target=runner.finish, args=[run])
    finisher.start()
    expected = {"done": 5, "total": 10, "unit": "assets"}
    wait_for(lambda: stored(runner)[0]["details"].get("progress") == expected)
    assert stored(runner)[0]["status"] == "in_progress"
    gate.opened.set()
    finisher.join(5)
    assert told == [(5, 10, "assets")]
    assert stored(runner)[0]["details"] == {}


def test_a_failing_cleanup_does_not_hide_the_result(tmp_path: Path) -> None:
    layer = ProbeLayer()
    layer.cleanup_error = OSError("busy")
    assert probe_runner(tmp_path, layer).run("probe", "cli")["status"] == "success"


def test_a_run_that_lost_its_lease_is_failed(tmp_path: Path) -> None:
    gate = Gate()
    runner = probe_runner(tmp_path, ProbeLayer(gate))
    run = runner.start("probe", "cli")
    assert gate.entered.wait(5)
    state = runner.cache.state
    state.execute("UPDATE leases SET expires_at = 0")
    successor = state.acquire(runs.lease_name("probe"), "successor", 30)
    assert successor is not None
    gate.opened.set()
    row = runner.finish(run)
    assert row["status"] == "failed"
    assert "taken over by successor" in row["error_messages"][0]
    state.check(successor)  # what the loser gave back was not the winner's


def test_repair_fails_orphans_and_leaves_the_living(tmp_path: Path) -> None:
    gate = Gate()
    runner = probe_runner(tmp_path, ProbeLayer(gate))
    run = runner.start("probe", "cli")
    state = runner.cache.state
    ghost = {**run.row, "run_id": "ghost", "layer": "other", "fence": 999}
    state.upsert("sync_runs", [ghost])
    assert runs.repair(state) == ["ghost"]
    assert runs.repair(state) == []
    mended = runs.by_id(state, "ghost")
    assert mended is not None
    assert mended["status"] == "failed"
    assert mended["error_messages"] == [runs.CRASHED]
    assert mended["hint"]
    assert mended["finished_at"] is not None
    gate.opened.set()
    assert runner.finish(run)["status"] == "success"


def test_polls_of_a_stream_share_a_row(tmp_path: Path) -> None:
    layer = ProbeLayer(lambda ctx: Outcome(items_synced=2, details={"feed": 2}), schedule=STREAM)
    runner = probe_runner(tmp_path, layer)
    first = runner.run("probe", "schedule")
    for _ in range(2):
        last = runner.run("probe", "schedule")
    if first["started_at"].hour != last["started_at"].hour:
        pytest.skip("the hour turned in the middle")
    assert stored(runner) == [last]
    assert last["run_id"] == first["run_id"]
    assert last["items_synced"] == 6
    assert last["details"] == {"feed": 6, "polls": 3}
    assert last["finished_at"] > first["finished_at"]


def test_polls_that_differ_or_failed_in_part_have_rows_of_their_own(tmp_path: Path) -> None:
    results: list[Any] = [
        Outcome(items_synced=1),
        Unknown("no such subscription"),
        Unknown("no such subscription"),
        Outcome(items_synced=1, items_failed=1),
        Outcome(items_synced=1, items_failed=1),
        Outcome(),
    ]
    left = iter(results)
    runner = probe_runner(tmp_path, ProbeLayer(lambda ctx: next(left), schedule=STREAM))
    for _ in results:
        runner.run("probe", "schedule")
    assert [row["status"] for row in stored(runner)] == ["success", "failed", "partial", "partial", "success"]


def test_polls_of_another_hour_have_another_row(tmp_path: Path) -> None:
    runner = probe_runner(tmp_path, ProbeLayer(schedule=STREAM))
    runner.run("probe", "schedule")
    row = stored(runner)[0]
    runner.cache.state.upsert("sync_runs", [{**row, "started_at": row["started_at"] - timedelta(hours=1)}])
    runner.run("probe", "schedule")
    assert len(stored(runner)) == 2


def test_a_stream_is_not_retried_by_the_runner(tmp_path: Path) -> None:
    def extract(ctx: RunContext) -> Outcome:
        raise Retryable("service away", "Wait.")

    layer = ProbeLayer(extract, schedule=STREAM)
    assert probe_runner(tmp_path, layer).run("probe", "schedule")["status"] == "failed"
    assert layer.calls.count("extract") == 1


def test_the_lease_is_renewed_while_a_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync_jobs.run.RENEW_SECONDS", 0.1)
    gate = Gate()
    runner = probe_runner(tmp_path, ProbeLayer(gate))
    run = runner.start("probe", "cli")
    finisher = threading.Thread(target=runner.finish, args=[run])
    finisher.start()

    def expires() -> int:
        return int(runner.cache.state.rows("SELECT expires_at FROM leases")[0]["expires_at"])

    first = expires()
    wait_for(lambda: expires() > first)
    gate.opened.set()
    finisher.join(5)
