"""The sidecar's HTTP API: over its app in process, and as the process that people start."""

from __future__ import annotations

import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sync_jobs.api import create_app
from sync_jobs.layers.base import NotConfigured, Outcome, RunContext
from sync_jobs.scheduler import Scheduler
from tests.fixtures.probe import Gate, ProbeLayer, probe_runner, wait_for
from tests.fixtures.processes import Cli, free_port, get, ready

TOKEN = "a-token-for-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
STATUS_FIELDS = {
    "status",
    "last_sync",
    "next_sync",
    "items_synced",
    "items_failed",
    "error_messages",
    "sync_duration_seconds",
    "freshness_seconds",
    "freshness_target_seconds",
    "stale",
    "configured",
    "reason",
}


class Served:
    """The app over a home with a probe layer that waits at a gate, and one without a source."""

    def __init__(self, home: Path) -> None:
        self.gate = Gate()
        self.reason: str | None = None

        def extract(ctx: RunContext) -> Outcome:
            ctx.progress(1, 2, "assets")
            return self.gate(ctx)

        self.layer = ProbeLayer(extract)
        bare = ProbeLayer(name="bare")
        bare.configured = NotConfigured("no scope is set.", "Set PORTAL_GCP_SCOPE.")
        self.runner = probe_runner(home, self.layer, bare)
        self.scheduler = Scheduler(self.runner, 0.2)
        self.scheduler.claim()
        app = create_app(self.runner, self.scheduler, TOKEN, lambda: self.reason)
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path)
    found.scheduler.start()
    yield found
    found.runner.stop("test over")
    found.scheduler.stop()
    wait_for(lambda: not found.runner.active())


def test_health_and_readiness(served: Served) -> None:
    assert served.client.get("/healthz").json() == {"status": "ok"}
    assert served.client.get("/readyz").status_code == 200
    served.reason = "the sample is being loaded"
    answer = served.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["the sample is being loaded"]
    served.reason = None
    served.scheduler.stop()
    assert served.client.get("/readyz").json()["problems"] == ["the clock is not running"]
    assert served.client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer ä".encode("latin-1")},
    ],
)
def test_a_run_needs_the_operator_token(served: Served, headers: dict[str, Any]) -> None:
    answer = served.client.post("/api/v1/sync/run/probe", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "PORTAL_API_TOKEN" in answer.json()["hint"]
    assert served.layer.calls == []


def test_a_run_is_started_watched_and_not_started_twice(served: Served) -> None:
    answer = served.client.post("/api/v1/sync/run/probe", params={"trigger": "page"}, headers=BEARER)
    assert answer.status_code == 202
    run_id = answer.json()["run_id"]
    where = answer.headers["location"]
    assert where == f"/api/v1/sync/runs/{run_id}"
    expected = {"done": 1, "total": 2, "unit": "assets"}
    wait_for(lambda: served.client.get(where).json()["details"].get("progress") == expected)
    assert served.client.get(where).json()["status"] == "in_progress"
    again = served.client.post("/api/v1/sync/run/probe", headers=BEARER)
    assert again.status_code == 409
    assert run_id in again.json()["error"]
    assert again.json()["hint"]
    served.gate.opened.set()
    wait_for(lambda: served.client.get(where).json()["status"] == "success")
    assert served.client.get(where).json()["trigger"] == "page"
    assert served.layer.calls.count("extract") == 1


def test_a_layer_that_cannot_run_says_why(served: Served) -> None:
    unknown = served.client.post("/api/v1/sync/run/prob", headers=BEARER)
    assert unknown.status_code == 404
    assert unknown.json()["hint"] == "Layers: probe, bare."
    bare = served.client.post("/api/v1/sync/run/bare", headers=BEARER)
    assert bare.status_code == 409
    assert bare.json() == {
        "error": "The bare layer has no source: no scope is set.",
        "hint": "Set PORTAL_GCP_SCOPE.",
    }
    wrong = served.client.post("/api/v1/sync/run/probe?trigger=schedule", headers=BEARER)
    assert wrong.status_code == 422
    assert "trigger" in wrong.json()["error"]
    assert served.client.get("/api/v1/sync/runs/nosuch").status_code == 404
    assert set(served.client.get("/nosuch").json()) == {"error", "hint"}


@pytest.mark.parametrize("host", ["evil.example.test", "127.0.0.1.evil.example.test", "10.0.0.1", ""])
def test_foreign_host_names_are_refused(served: Served, host: str) -> None:
    answer = served.client.get("/api/v1/sync/sync-status", headers={"Host": host})
    assert answer.status_code == 421
    posted = served.client.post("/api/v1/sync/run/probe", headers={**BEARER, "Host": host})
    assert posted.status_code == 421
    assert served.layer.calls == []


@pytest.mark.parametrize("host", ["localhost:8601", "LOCALHOST", "127.0.0.1", "[::1]:8601"])
def test_loopback_names_are_served(served: Served, host: str) -> None:
    assert served.client.get("/healthz", headers={"Host": host}).status_code == 200


def test_no_page_of_another_site_may_read(served: Served) -> None:
    answer = served.client.get("/healthz", headers={"Origin": "https://evil.example.test"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_api_describes_itself_without_a_cdn(served: Served) -> None:
    assert served.client.get("/docs").status_code == 404
    assert served.client.get("/redoc").status_code == 404
    paths = served.client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/sync/sync-status",
        "/api/v1/sync/runs/{run_id}",
        "/api/v1/sync/run/{layer}",
        "/webhook/github",
        "/api/v1/sync/infrastructure-state",
        "/api/v1/assets/history",
        "/api/v1/events/pause",
        "/api/v1/events/resume",
        "/api/v1/events/push",
        "/api/v1/dead-letters/replay",
        "/api/v1/dead-letters/discard",
        "/api/v1/alerts/acknowledge",
        "/api/v1/alerts/silence",
        "/api/v1/alerts/channels/{channel}/test",
    }


Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def sidecar(spawn: Spawn) -> tuple[subprocess.Popen[str], str, int]:
    """A running sidecar: its process, address and port."""
    port = free_port()
    process = spawn("sync_jobs", "serve", PORTAL_API_PORT=port)
    address = f"http://127.0.0.1:{port}"
    ready(process, f"{address}/readyz")
    return process, address, port


def test_a_sidecar_serves_and_ends_in_order(
    sidecar: tuple[subprocess.Popen[str], str, int], home: Path, cli: Cli
) -> None:
    process, address, _ = sidecar
    token = home / "operator-token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert len(token.read_text().strip()) >= 32
    answer = wait_for(lambda: get(f"{address}/api/v1/sync/sync-status"))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"webhook", "git", "assets", "drift", "events", "metrics", "policies"}
    for row in found.values():
        assert set(row) >= STATUS_FIELDS
    assert "no assets yet" in found["policies"]["reason"]
    only = get(f"{address}/api/v1/sync/sync-status?layer=git&layer=assets").json()
    assert set(only) == {"git", "assets"}
    assert get(f"{address}/api/v1/sync/sync-status?layer=weather").status_code == 404
    assert "PORTAL_WEBHOOK_SECRET" in found["webhook"]["reason"]
    assert found["git"]["configured"] is False
    assert "PORTAL_GIT_URL" in found["git"]["reason"]
    figures = get(f"{address}/metrics")
    assert figures is not None
    assert figures.status_code == 200
    assert 'portal_layer_configured{layer="git"} 0.0' in figures.text
    assert 'portal_freshness_target_seconds{layer="assets"} 600.0' in figures.text
    assert "server" not in figures.headers

    second = cli("serve", PORTAL_API_PORT=free_port())
    assert second.returncode == 1
    assert "already serves" in second.stderr

    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(12) == 0
    assert time.monotonic() - began < 10
    assert get(f"{address}/healthz") is None


def test_after_kill_9_a_sidecar_starts_again_at_once(
    sidecar: tuple[subprocess.Popen[str], str, int], spawn: Spawn
) -> None:
    process, address, port = sidecar
    process.kill()
    process.wait(10)
    ready(spawn("sync_jobs", "serve", PORTAL_API_PORT=port), f"{address}/readyz", 20)


def test_a_busy_port_is_named(sidecar: tuple[subprocess.Popen[str], str, int], cli: Cli) -> None:
    _, _, port = sidecar
    done = cli("serve", PORTAL_API_PORT=port)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "PORTAL_API_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_token_of_the_settings_wins(spawn: Spawn, home: Path) -> None:
    port = free_port()
    process = spawn("sync_jobs", "serve", PORTAL_API_PORT=port, PORTAL_API_TOKEN=TOKEN)
    ready(process, f"http://127.0.0.1:{port}/readyz")
    assert not (home / "operator-token").exists()
