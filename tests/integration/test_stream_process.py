"""The sidecar as a process at a stream: within two seconds in another process, and nothing lost or twice when it is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from app import sql_files
from app.engines.local import LocalEngine
from app.settings import Settings
from tests.fixtures import exports
from tests.fixtures.exports import ORG, Portal
from tests.fixtures.probe import wait_for
from tests.fixtures.processes import free_port, ready
from tests.fixtures.pubsub_server import PATH, PubSubServer
from tests.integration.test_applying import CLOSED, NAME, PUBLIC, RULE, bucket, feed, project, resource

Spawn = Callable[..., "subprocess.Popen[str]"]


class Sidecar:
    def __init__(self, home: Path, spawn: Spawn, host: str) -> None:
        self._spawn, self._port = spawn, free_port()
        self.variables = {
            "PORTAL_PUBSUB_SUBSCRIPTION": PATH,
            "PUBSUB_EMULATOR_HOST": host,
            "PORTAL_API_PORT": self._port,
        }
        self.engine = LocalEngine(Settings(home=home))
        self.start()

    def start(self) -> None:
        self.process = self._spawn("sync_jobs", "serve", **self.variables)
        ready(self.process, f"http://127.0.0.1:{self._port}/readyz")

    def ask(self, sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.engine.query(sql_files.adhoc(sql), {}).to_pylist()
        return rows

    def count(self, table: str) -> int:
        return int(self.ask(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"])


@pytest.fixture
def server() -> Iterator[tuple[PubSubServer, str]]:
    made = PubSubServer()
    with made.serving() as host:
        yield made, host


def own(number: int) -> bytes:
    return orjson.dumps({"event_type": "resource_created", "resource": f"projects/p-one/topics/t{number}",
                         "timestamp": "2026-03-01T10:00:00Z"})  # fmt: skip


def test_a_bucket_made_public_shows_as_finding_and_event_at_once(
    home: Path, spawn: Spawn, server: tuple[PubSubServer, str], tmp_path: Path
) -> None:
    portal = Portal(home)
    portal.bring(
        exports.write(tmp_path / "a.ndjson", [bucket(**resource(), iamPolicy=CLOSED), project()]), scope=ORG
    )
    portal.engine.close()
    sidecar = Sidecar(home, spawn, server[1])
    wait_for(lambda: sidecar.ask("SELECT 1 FROM policies LIMIT 1"), 60)
    wait_for(lambda: server[0].streams, 30)
    found = []
    for policy in (PUBLIC, CLOSED, PUBLIC):  # the first one gets the rules ready
        began = time.monotonic()
        server[0].publish(json.dumps(feed(bucket(iamPolicy=policy))).encode())
        state = "IS NULL" if policy is PUBLIC else "IS NOT NULL"
        sql = f"SELECT 1 FROM violations WHERE policy_id = '{RULE}' AND asset_name = '{NAME}' AND resolved_at {state}"
        wait_for(lambda sql=sql: sidecar.ask(sql), 20)
        found.append(time.monotonic() - began)
    assert sidecar.count("events WHERE event_type = 'policy.violation'") == 2
    assert min(found[1:]) < 2, found
    assert sidecar.process.poll() is None


def test_killed_again_and_again_nothing_is_lost_and_nothing_is_there_twice(
    home: Path, spawn: Spawn, server: tuple[PubSubServer, str]
) -> None:
    sidecar = Sidecar(home, spawn, server[1])
    sent = 0
    for _ in range(3):
        before = sidecar.count("events")
        server[0].publish(*(own(n) for n in range(sent, sent + 400)))
        sent += 400
        wait_for(lambda before=before: sidecar.count("events") > before, 30)
        sidecar.process.send_signal(signal.SIGKILL)
        sidecar.process.wait(10)
        sidecar.start()
    wait_for(lambda: sidecar.count("events") >= sent, 60)
    wait_for(lambda: server[0].waiting() == 0, 60)
    assert sidecar.count("events") == sent
    assert sidecar.ask("SELECT COUNT(DISTINCT asset_name) AS n FROM events") == [{"n": sent}]
    assert sidecar.count("dead_letters") == 0


def test_told_to_stop_it_keeps_what_it_has_and_ends_within_ten_seconds(
    home: Path, spawn: Spawn, server: tuple[PubSubServer, str]
) -> None:
    sidecar = Sidecar(home, spawn, server[1])
    server[0].publish(*(own(n) for n in range(3000)))
    wait_for(lambda: sidecar.count("events") > 0, 30)
    began = time.monotonic()
    sidecar.process.terminate()
    assert sidecar.process.wait(12) == 0
    assert time.monotonic() - began < 10
    acknowledged = {f"//{one}" for one in server[0].acknowledged}
    assert sidecar.count("events") >= len(acknowledged)


def test_malformed_messages_are_all_kept_and_never_stop_the_stream(
    home: Path, spawn: Spawn, server: tuple[PubSubServer, str]
) -> None:
    sidecar = Sidecar(home, spawn, server[1])
    at = datetime.now(UTC).isoformat()
    kinds = (b"not json %d", b'["list", %d]', b'{"event_type": "resource.exploded", "n": %d}', b"\xff\xfe %d")
    server[0].publish(*(kinds[n % 4] % n for n in range(1000)), own(1))
    wait_for(lambda: sidecar.count("dead_letters") == 1000, 60)
    wait_for(lambda: sidecar.count("events") == 1, 10)
    assert sidecar.ask(f"SELECT 1 AS n FROM dead_letters WHERE reason IS NULL OR reason = '{at}'") == []
