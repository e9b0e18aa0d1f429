"""`python -m app` as people start it: real processes, and nothing of them left however they end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.fixtures.processes import free_port, get, gone, tree

Spawn = Callable[..., subprocess.Popen[str]]
Launch = Callable[..., "Portal"]
SOURCE = {"PORTAL_GIT_URL": "file:///no/such/repository"}  # a source, so that no sample has to be loaded
pytestmark = [pytest.mark.xdist_group("launcher"), pytest.mark.timeout(180)]


@dataclass
class Portal:
    """A started portal."""

    process: subprocess.Popen[str]
    ui: str
    api: str
    took: float

    def everything(self) -> list[psutil.Process]:
        return tree(self.process.pid)

    def child(self, word: str) -> psutil.Process:
        return next(one for one in self.everything()[1:] if word in one.cmdline())


@pytest.fixture
def launch(spawn: Spawn, tmp_path: Path) -> Launch:
    """Starts the portal and waits until it printed its address."""

    def start(**variables: object) -> Portal:
        ui, api = free_port(), free_port()
        began = time.monotonic()
        process = spawn("app", PORTAL_UI_PORT=ui, PORTAL_API_PORT=api, **variables)
        assert process.stdout is not None
        line = process.stdout.readline()
        took = time.monotonic() - began
        if line.strip() != f"Landing Zone Portal: http://127.0.0.1:{ui}/":
            process.kill()
            raise AssertionError(f"printed {line!r}:\n{process.communicate(timeout=10)[1][-3000:]}")
        return Portal(process, f"http://127.0.0.1:{ui}", f"http://127.0.0.1:{api}", took)

    return start


def test_it_starts_with_the_sample_and_starts_faster_again(launch: Launch) -> None:
    first = launch()
    assert first.took < 30 * crowd()
    page = get(first.ui)
    assert page is not None
    assert page.status_code == 200
    status = get(f"{first.api}/api/v1/sync/sync-status")
    assert status is not None
    assert status.json()["assets"]["status"] == "success"
    assert status.json()["assets"]["items_synced"] > 1000
    stop_and_check(first, signal.SIGINT)
    second = launch()
    assert second.took < 5 * crowd()
    stop_and_check(second, signal.SIGTERM)


def crowd() -> float:
    """How many processes share a core now, at least one: the limits are meant for a machine of one's own."""
    return max(2.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def stop_and_check(portal: Portal, number: signal.Signals) -> None:
    running = portal.everything()
    assert len(running) >= 3
    began = time.monotonic()
    portal.process.send_signal(number)
    assert portal.process.wait(15) == 0
    assert time.monotonic() - began < 10.5
    assert gone(running, 1) == []
    assert get(portal.ui) is None
    assert get(portal.api) is None


def test_kill_9_leaves_nothing_running(launch: Launch) -> None:
    portal = launch(**SOURCE)
    running = portal.everything()
    portal.process.kill()
    portal.process.wait(5)
    assert gone(running, 12) == []


@pytest.mark.parametrize(("word", "name"), [("sync_jobs", "sidecar"), ("app.serve_pages", "pages")])
def test_when_one_child_dies_the_other_is_stopped(launch: Launch, word: str, name: str) -> None:
    portal = launch(**SOURCE)
    running = portal.everything()
    portal.child(word).kill()
    _, said = portal.process.communicate(timeout=15)
    assert portal.process.returncode == 1
    assert f"The {name} ended" in said
    assert gone(running, 1) == []


def test_what_threads_share_is_imported_whole_before_there_are_two() -> None:
    """Two threads that import parts of one package at once can see it half made: the pages then end at their start."""
    code = """
import runpy, sys, threading
from app import serve_pages
runpy.run_module = lambda *given, **more: None
def start(thread):
    if thread.name == "make-ready":
        print(sorted({"duckdb", "numpy", "pandas", "pyarrow", "streamlit"} - set(sys.modules)))
threading.Thread.start = start
serve_pages.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("setting", ["PORTAL_UI_PORT", "PORTAL_API_PORT"])
def test_a_busy_port_is_named(spawn: Spawn, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        busy = listener.getsockname()[1]
        ports = {"PORTAL_UI_PORT": free_port(), "PORTAL_API_PORT": free_port(), setting: busy}
        process = spawn("app", **ports)
        out, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert out == ""
    assert f"Port {busy}" in said
    assert setting in said
    assert "Traceback" not in said


def test_a_wrong_setting_is_exit_status_2(spawn: Spawn) -> None:
    process = spawn("app", PORTAL_UI_PORT="eighty")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "PORTAL_UI_PORT" in said


def test_both_cannot_use_one_port(spawn: Spawn) -> None:
    port = free_port()
    process = spawn("app", PORTAL_UI_PORT=port, PORTAL_API_PORT=port)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "PORTAL_UI_PORT" in said


def test_it_takes_no_options_and_says_so(spawn: Spawn) -> None:
    wrong = spawn("app", "--port", "80")
    _, said = wrong.communicate(timeout=30)
    assert wrong.returncode == 2
    assert "--port" in said
    help_ = spawn("app", "--help")
    out, _ = help_.communicate(timeout=30)
    assert help_.returncode == 0
    assert "PORTAL_" in out
