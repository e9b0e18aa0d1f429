"""The webhook through the process that people start: real HTTP, real repository, restarts and kill -9."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.hook import SECRET, body_of, headers, push
from tests.fixtures.probe import wait_for
from tests.fixtures.processes import Cli, free_port, get, ready
from tests.integration.test_layer_git import Repository

Spawn = Callable[..., subprocess.Popen[str]]


class Sidecar:
    """A home that follows a repository, and the process that serves it."""

    def __init__(self, folder: Path, spawn: Spawn, home: Path) -> None:
        self.lz = Repository(folder / "lz")
        self.lz.commit("Begin", **{"README.md": "# Zone", "terraform__main.tf": "locals {}\n"})
        self.home, self._spawn = home, spawn
        self.variables: dict[str, object] = {
            "PORTAL_GIT_URL": self.lz.url,
            "PORTAL_GITHUB_REPOSITORY": "quartz/landing-zone",
            "PORTAL_GIT_PUBLISH_ROOT": folder / "published",
            "PORTAL_WEBHOOK_SECRET": f"{SECRET},the next one",
            "PORTAL_API_PORT": free_port(),
        }
        self.url = f"http://127.0.0.1:{self.variables['PORTAL_API_PORT']}"
        self.start()
        wait_for(lambda: self.git_runs("success"), 30)  # the first one is of the clock

    def start(self) -> None:
        self.process = self._spawn("sync_jobs", "serve", **self.variables)
        ready(self.process, f"{self.url}/readyz")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def send(self, commit: str, delivery: str | None = None, **more: Any) -> httpx.Response:
        body = body_of(push(commit, **more))
        return httpx.post(
            f"{self.url}/webhook/github",
            content=body,
            headers=headers(body, delivery=delivery),
            trust_env=False,
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(f"file:{self.home}/state.sqlite?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(sql).fetchall()

    def git_runs(self, status: str) -> list[tuple[Any, ...]]:
        if not (self.home / "state.sqlite").exists():
            return []
        return self.ask(f"SELECT run_id, trigger FROM sync_runs WHERE layer = 'git' AND status = '{status}'")

    def served(self) -> bool:
        return self.ask("SELECT COUNT(*) FROM webhook_deliveries WHERE handled_at IS NULL") == [(0,)]

    def has(self, commit: str) -> bool:
        return bool(self.ask(f"SELECT 1 FROM git_commits WHERE commit_sha = '{commit}'"))


@pytest.fixture
def sidecar(tmp_path: Path, spawn: Spawn, home: Path) -> Sidecar:
    return Sidecar(tmp_path, spawn, home)


def test_a_hundred_pushes_in_a_second_are_two_syncs_with_the_last_commit(sidecar: Sidecar) -> None:
    before = len(sidecar.git_runs("success"))
    commits = [sidecar.lz.commit(f"Change {number}", **{"docs__n.md": f"# {number}"}) for number in range(4)]
    bodies = [body_of(push(commits[number * 4 // 100])) for number in range(100)]
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(8) as pool:
        began = time.monotonic()

        def send(body: bytes) -> int:
            return client.post(
                f"{sidecar.url}/webhook/github", content=body, headers=headers(body)
            ).status_code

        assert set(pool.map(send, bodies)) == {202}
        assert time.monotonic() - began < 3
    wait_for(sidecar.served, 30)
    time.sleep(2.5)
    assert 1 <= len(sidecar.git_runs("success")) - before <= 2
    assert sidecar.has(commits[-1])
    published = sidecar.lz.folder.parent / "published" / "docs" / "lz-reference" / "docs" / "n.md"
    assert published.read_text() == "# 3"
    status = get(f"{sidecar.url}/api/v1/sync/sync-status")
    assert status is not None
    row = status.json()["webhook"]
    assert row["configured"] is True and row["status"] == "success" and row["last_sync"]
    assert row["items_synced"] == 100 and row["stale"] is None
    figures = get(f"{sidecar.url}/metrics")
    assert figures is not None
    assert 'portal_webhook_deliveries_total{event="push",status="accepted"} 100.0' in figures.text
    assert "portal_webhook_waiting 0.0" in figures.text


def test_answers_do_not_wait_for_an_acknowledgement(sidecar: Sidecar) -> None:
    """On a connection that is kept, an answer in two packets would take 40 ms."""
    took = []
    with httpx.Client(trust_env=False) as client:
        for _ in range(21):
            began = time.monotonic()
            assert client.get(f"{sidecar.url}/healthz").status_code == 200
            took.append(time.monotonic() - began)
    assert sorted(took)[10] < 0.03


def test_a_push_is_there_within_five_seconds(sidecar: Sidecar) -> None:
    commit = sidecar.lz.commit("News", **{"README.md": "# News"})
    began = time.monotonic()
    assert sidecar.send(commit).status_code == 202
    wait_for(lambda: sidecar.has(commit), 10)
    assert time.monotonic() - began < 5


def test_the_payload_cannot_say_what_is_fetched(sidecar: Sidecar, tmp_path: Path) -> None:
    evil = Repository(tmp_path / "evil")
    stranger = evil.commit("Evil", **{"README.md": "# Evil"})
    commit = sidecar.lz.commit("Ours", **{"README.md": "# Ours"})
    repository = {"full_name": "quartz/landing-zone", "default_branch": "main"}
    urls = dict.fromkeys(("clone_url", "git_url", "ssh_url", "url", "html_url"), evil.url)
    answer = sidecar.send(stranger, repository={**repository, **urls})
    assert answer.json()["status"] == "accepted"
    wait_for(lambda: sidecar.has(commit), 20)
    assert not sidecar.has(stranger)


def test_kill_9_loses_no_accepted_delivery_and_no_id(sidecar: Sidecar) -> None:
    commit = sidecar.lz.commit("Before the crash", **{"README.md": "# Crash"})
    assert sidecar.send(commit, delivery="crash").status_code == 202
    sidecar.kill()
    assert sidecar.ask("SELECT status FROM webhook_deliveries WHERE delivery_id = 'crash'") == [("accepted",)]
    sidecar.start()
    wait_for(lambda: sidecar.served() and sidecar.has(commit), 30)
    runs = len(sidecar.git_runs("success"))
    again = sidecar.send(commit, delivery="crash")
    assert (again.status_code, again.json()["status"]) == (202, "replayed")
    time.sleep(2)
    assert len(sidecar.git_runs("success")) == runs


def test_run_webhook_serves_what_waits_while_no_sidecar_runs(sidecar: Sidecar, cli: Cli) -> None:
    sidecar.kill()
    commit = sidecar.lz.commit("Waits", **{"README.md": "# Waits"})
    with sqlite3.connect(sidecar.home / "state.sqlite") as connection:
        now = int(time.time() * 1e6)
        connection.execute(
            "INSERT INTO webhook_deliveries (delivery_id, event, received_at, status, reason, _rev) "
            "VALUES ('w', 'push', ?, 'accepted', 'r', 1)",
            (now,),
        )
    done = cli("run", "webhook", **sidecar.variables)
    assert done.returncode == 0, done.stderr
    assert "webhook: success: 1 items" in done.stdout
    assert sidecar.served() and sidecar.has(commit)
    shown = cli("status", **sidecar.variables)
    assert (
        "webhook" in shown.stdout and "not run yet" not in shown.stdout.split("webhook", 1)[1].splitlines()[0]
    )


def test_too_large_and_cut_off_bodies_over_a_real_connection(sidecar: Sidecar) -> None:
    """The caller gets to read the answer, although it is still sending."""
    large = b"x" * (26 * 1024 * 1024)
    answer = httpx.post(
        f"{sidecar.url}/webhook/github", content=large, headers=headers(large), trust_env=False, timeout=30
    )
    assert answer.status_code == 413 and answer.json()["hint"]
    port = int(str(sidecar.variables["PORTAL_API_PORT"]))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(
            b"POST /webhook/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{"
        )
    assert get(f"{sidecar.url}/healthz") is not None
    assert sidecar.ask("SELECT COUNT(*) FROM webhook_deliveries") == [(0,)]


def test_a_second_secret_is_in_force_and_neither_is_shown(sidecar: Sidecar) -> None:
    body = body_of(push())
    assert (
        httpx.post(
            f"{sidecar.url}/webhook/github",
            content=body,
            headers=headers(body, secret="the next one"),
            trust_env=False,
        ).status_code
        == 202
    )
    wrong = httpx.post(
        f"{sidecar.url}/webhook/github", content=body, headers=headers(body, secret="no"), trust_env=False
    )
    assert wrong.status_code == 401
    wait_for(sidecar.served, 20)
    sidecar.process.terminate()
    _, said = sidecar.process.communicate(timeout=15)
    assert "delivery_refused" in said
    assert (
        SECRET not in said
        and "the next one" not in said
        and wrong.request.headers["x-hub-signature-256"] not in said
    )
