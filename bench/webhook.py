"""How soon a signed push is answered while an import runs, against GET /healthz of the same run; and how soon its page is there."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench import exports
from bench.measure import ROOT, Figure, percentile

SECRET = "secret of the benchmark"  # noqa: S105  of a server that lives for a minute
ASSETS = 300_000
PAIRS = 200
PAUSE_SECONDS = 0.005
PUSHES = 5


def measure(folder: Path) -> list[Figure]:
    """A sidecar that follows a small repository, an import in another process, and pushes to the sidecar meanwhile."""
    export = folder / "first.ndjson"
    if not export.exists():
        exports.write(export, ASSETS)
    landing_zone = _repository(folder / "landing-zone")
    home = folder / "home-webhook"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PORTAL_HOME": str(home),
        "PORTAL_LOG_LEVEL": "ERROR",
        "PORTAL_API_PORT": str(port),
        "PORTAL_GIT_URL": landing_zone.as_uri(),
        "PORTAL_GIT_PUBLISH_ROOT": str(folder / "published"),
        "PORTAL_WEBHOOK_SECRET": SECRET,
    }
    with _sidecar(environment, port) as client:
        visible = [_push_to_visible(client, landing_zone, home, number) for number in range(PUSHES)]
        command = [sys.executable, "-m", "sync_jobs", "import-assets", str(export), "--json"]
        importing = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            pushes, bare = _pairs(client, importing)
            running = importing.poll() is None
        finally:
            importing.wait()
    p95, floor = percentile(pushes, 0.95) * 1000, percentile(bare, 0.95) * 1000
    note = (
        f"{len(pushes)} pushes, p50 {percentile(pushes, 0.5) * 1000:.1f} ms; GET /healthz p95 {floor:.1f} ms"
    )
    note += "" if running else "; the import ended first"
    return [
        Figure("answer to a signed push during an import, p95", p95, "ms", 50, note=note),
        Figure("the same, of GET /healthz", p95 / floor, "x", 4),
        Figure("push until its page is visible, longest", max(visible), "s", 5, note=f"of {PUSHES}"),
    ]


def _pairs(client: httpx.Client, importing: subprocess.Popen[bytes]) -> tuple[list[float], list[float]]:
    """Seconds of pushes and of bare calls, in turn, for as long as the import runs."""
    pushes: list[float] = []
    bare: list[float] = []
    time.sleep(0.7)  # the import has begun to work
    while len(pushes) < PAIRS and importing.poll() is None:
        start = time.perf_counter()
        client.get("/healthz")
        bare.append(time.perf_counter() - start)
        pushes.append(_push(client, f"{len(pushes):040x}", f"bench-{len(pushes)}"))
        time.sleep(PAUSE_SECONDS)
    return pushes, bare


def _push(client: httpx.Client, commit: str, delivery: str) -> float:
    """Seconds until the answer."""
    body = json.dumps(_payload(commit)).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }
    start = time.perf_counter()
    answer = client.post("/webhook/github", content=body, headers=headers)
    seconds = time.perf_counter() - start
    if answer.status_code != 202 or answer.json()["status"] != "accepted":
        raise SystemExit(f"The sidecar answered {answer.status_code} {answer.text[:300]}")
    return seconds


def _payload(commit: str) -> dict[str, Any]:
    """About as large as GitHub's of a push with ten commits."""
    person = {"name": "Ada", "email": "ada@example.com", "username": "ada"}
    listed = [
        {
            "id": commit,
            "message": "Change the network of a project " * 8,
            "author": person,
            "added": [f"terraform/{n}.tf"],
        }
        for n in range(10)
    ]
    repository = {"full_name": "quartz/landing-zone", "default_branch": "main"}
    return {
        "ref": "refs/heads/main",
        "before": "0" * 39 + "1",
        "after": commit[:-1] + "f",
        "repository": repository,
        "commits": listed,
    }


def _push_to_visible(client: httpx.Client, landing_zone: Path, home: Path, number: int) -> float:
    """Seconds from the delivery until another process's reader shows the text of the page."""
    os.environ["PORTAL_HOME"] = str(home)
    from app import queries

    text = f"# News {number} {time.time()}"
    commit = _commit(landing_zone, text)
    start = time.perf_counter()
    _push(client, commit, f"visible-{number}")
    while time.perf_counter() - start < 30:
        shown = queries.adhoc("SELECT text FROM git_files WHERE path = 'docs/news.md'").to_pylist()
        if shown and shown[0]["text"].strip() == text:
            return time.perf_counter() - start
        time.sleep(0.02)
    raise SystemExit("The page of a push was not there after 30 s.")


@contextmanager
def _sidecar(environment: dict[str, str], port: int) -> Iterator[httpx.Client]:
    process = subprocess.Popen([sys.executable, "-m", "sync_jobs", "serve"], cwd=ROOT, env=environment)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
        try:
            _wait_for_first_sync(client)
            yield client
        finally:
            process.terminate()
            process.wait(20)


def _wait_for_first_sync(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            if client.get("/api/v1/sync/sync-status").json()["git"]["status"] in ("success", "partial"):
                return
        except (httpx.TransportError, KeyError):
            pass  # it is still starting
        time.sleep(0.1)
    raise SystemExit("The sidecar did not sync within 30 s.")


def _repository(folder: Path) -> Path:
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, "# The zone")
    return folder


def _commit(folder: Path, text: str) -> str:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "news.md").write_text(text + "\n")
    _git(folder, "add", "--all")
    _git(
        folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", text[2:]
    )
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()
