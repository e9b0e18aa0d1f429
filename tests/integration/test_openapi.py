"""The sidecar keeps what its OpenAPI says: schemathesis makes up calls, right and wrong ones, and judges the answers."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI

from app import queries
from app.settings import Settings
from sync_jobs.api import create_app
from sync_jobs.layers.assets.layer import LAYER
from sync_jobs.layers.base import NotConfigured
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.store.cache import Cache
from tests.fixtures.asset_api import AssetApi
from tests.fixtures.exports import ORG, fleet, write
from tests.fixtures.probe import ProbeLayer, wait_for
from tests.fixtures.processes import free_port

TOKEN = "a-token-for-tests"
EXAMPLES = 8  # per operation, always the same ones
# That `from` lies before `to`, and not too far, is nothing a schema can say.
# Google and GitHub sign what they send in ways of their own.
SIGNED = ("/webhook/github", "/api/v1/events/push")
CONFIG = """
[[operations]]
include-path = "/api/v1/assets/history"
checks.positive_data_acceptance.enabled = false

# Without a setting that says who may push it answers 503 to everybody, which test_push.py has the whole of.
[[operations]]
include-path = "/api/v1/events/push"
enabled = false
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A home with assets, a probe layer instead of the real ones, and a Cloud Asset API on loopback."""
    folder, patch = tmp_path_factory.mktemp("openapi"), pytest.MonkeyPatch()
    home = folder / "home"
    patch.setenv("PORTAL_HOME", str(home))
    queries.close()
    with AssetApi().serving() as endpoint:
        given = Settings(
            home=home, gcp_scope=ORG, asset_endpoint=endpoint, webhook_secret="a-secret-of-some-length"
        )
        bare = ProbeLayer(name="bare")
        bare.configured = NotConfigured("no scope is set.", "Set PORTAL_GCP_SCOPE.")
        bring(given, folder)
        runner = Runner(given, Cache(home), {"probe": ProbeLayer(), "bare": bare}, backoff=())
        scheduler = Scheduler(runner, 60)
        scheduler.claim()
        scheduler.start()
        yield create_app(runner, scheduler, TOKEN)
        runner.stop("tests over")
        scheduler.stop()
        wait_for(lambda: not runner.active())
    queries.close()
    patch.undo()


def bring(given: Settings, folder: Path) -> None:
    runner = Runner(given, Cache(given.home), {"assets": LAYER}, backoff=())
    paths = {"paths": [write(folder / "a.json", fleet(5))]}
    assert runner.run("assets", "cli", paths)["status"] == "success"


@pytest.fixture(scope="module")
def address(served: FastAPI) -> Iterator[str]:
    """Where a real server answers."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(served, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_every_call_answers_as_described(address: str, tmp_path: Path) -> None:
    """Boundary values and made-up ones, valid and not, with and without the token; then calls that follow links."""
    program, config = Path(sys.executable).with_name("schemathesis"), tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        str(program), "--config-file", str(config), "run", f"{address}/openapi.json", "--max-examples", str(EXAMPLES), "--seed", "1",
        "--generation-deterministic", "--no-color", "--warnings", "off",
        "--header", f"Authorization: Bearer {TOKEN}", "--request-timeout", "10", "--continue-on-failure",
    ]  # fmt: skip
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False)
    assert found.returncode == 0, found.stdout[-12_000:] + found.stderr[-2000:]
    assert "Tested: 16" in found.stdout, found.stdout[-3000:]


def test_every_call_is_described_in_full(served: FastAPI) -> None:
    """What a reader of /openapi.json finds at each call and each of its parameters."""
    document = served.openapi()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            where = f"{method.upper()} {path}"
            assert call["summary"] and call["description"] and call["tags"], where
            for one in call.get("parameters", []):
                assert one["in"] == "header" or one.get("description"), f"{where}: {one['name']}"
            codes = set(call["responses"])
            assert {"421", "500", "503"} <= codes, where
            assert ("401" in codes) == bool(call.get("security")) or path in SIGNED, where
            assert ("422" in codes) == bool(
                call.get("parameters") or call.get("requestBody")
            ) or path in SIGNED, where
            for code, told in call["responses"].items():
                assert told["description"] not in ("", "Successful Response"), f"{where}: {code}"
                assert code in ("204", "304") or told.get("content"), f"{where}: {code} has no schema"
