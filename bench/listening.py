"""Events from publish to the reader's SQL in another process, and how fast the listener is against a bare client.

The server is Google's emulator. The bare client does nothing but pull by the same library and acknowledge.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil

from bench.measure import ROOT, Figure, percentile

PROJECT = "sample-bench"
PER_SECOND = 200
EMULATOR = Path("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator")
GIGABYTE = 1024**3

READER = """
import sys, time
from app import queries
last = 0
print("ready", flush=True)
while True:
    for row in queries.adhoc("SELECT seq, summary, asset_name FROM events WHERE seq > @last ORDER BY seq", {"last": last}).to_pylist():
        last = row["seq"]
        sent = (row["asset_name"] or "").partition("/sent-")[2]
        if sent:
            print(f"{time.time() - float(sent):.6f}", flush=True)
    time.sleep(0.02)
"""

BARE = """
import sys, threading, time
from google.cloud import pubsub_v1
client, count, first, done = pubsub_v1.SubscriberClient(), 0, 0.0, threading.Event()
wanted = int(sys.argv[2])
def arrived(message):
    global count, first
    first = first or time.monotonic()
    count += 1
    message.ack()
    if count >= wanted:
        done.set()
flow = pubsub_v1.types.FlowControl(max_messages=2000, max_bytes=64 * 1024 * 1024)
future = client.subscribe(sys.argv[1], arrived, flow_control=flow)
done.wait(600)
print(count / (time.monotonic() - first), flush=True)
future.cancel()
"""


def measure(folder: Path, messages: int = 20_000, seconds: int = 60) -> list[Figure]:
    """Latency at 200 events a second, and throughput of a backlog."""
    with emulator() as host:
        os.environ["PUBSUB_EMULATOR_HOST"] = host
        return [*_latency(folder, host, seconds), *_throughput(folder, host, messages)]


@contextmanager
def emulator() -> Iterator[str]:
    """host:port of a new emulator."""
    from tests.fixtures.processes import free_port
    from tests.fixtures.pubsub_emulator import _wait

    host = f"127.0.0.1:{free_port()}"
    port = host.partition(":")[2]
    command = [str(EMULATOR), "--host=127.0.0.1", f"--port={port}"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait(host, process)
        yield host
    finally:
        os.killpg(process.pid, 9)
        process.wait()


class Topic:
    """A topic with one subscription."""

    def __init__(self) -> None:
        from google.cloud import pubsub_v1

        self.publisher = pubsub_v1.PublisherClient()
        name = uuid4().hex[:8]
        self.topic = self.publisher.create_topic(name=f"projects/{PROJECT}/topics/t-{name}").name
        self.subscription = f"projects/{PROJECT}/subscriptions/s-{name}"
        with pubsub_v1.SubscriberClient() as client:
            client.create_subscription(name=self.subscription, topic=self.topic, ack_deadline_seconds=60)

    def publish(self, count: int, start: int = 0) -> None:
        """A backlog."""
        waiting = [self.publisher.publish(self.topic, body(start + n, "")) for n in range(count)]
        for one in waiting:
            one.result(60)


def body(number: int, more: str) -> bytes:
    return (b'{"event_type": "resource.updated", "timestamp": "2026-03-01T10:00:00Z", "resource":'
            b' "//pubsub.googleapis.com/projects/p-one/topics/t%d%s"}' % (number, more.encode()))  # fmt: skip


@contextmanager
def sidecar(home: Path, host: str, subscription: str) -> Iterator[psutil.Process]:
    """The sidecar on `home`, reading `subscription`."""
    from tests.fixtures.processes import environment, free_port

    variables = {"PUBSUB_EMULATOR_HOST": host, "PORTAL_PUBSUB_SUBSCRIPTION": subscription,
                 "PORTAL_API_PORT": free_port(), "PORTAL_LOG_LEVEL": "ERROR"}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_jobs", "serve"], cwd=ROOT, env=environment(home, **variables)
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(15)


def count(home: Path, what: str = "events") -> int:
    """Rows of a table of the home, or of what else stands after FROM; 0 while it is not there yet."""
    file = home / "state.sqlite"
    if not file.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _latency(folder: Path, host: str, seconds: int) -> list[Figure]:
    topic, home = Topic(), folder / "latency"
    with sidecar(home, host, topic.subscription):
        topic.publish(1)
        while not count(home):
            time.sleep(0.1)
        variables = {**os.environ, "PORTAL_HOME": str(home), "PORTAL_LOG_LEVEL": "ERROR"}
        reader = subprocess.Popen(
            [sys.executable, "-c", READER], cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True
        )
        assert reader.stdout is not None
        reader.stdout.readline()
        delays: list[float] = []
        lines = reader.stdout
        threading.Thread(target=lambda: delays.extend(float(line) for line in lines), daemon=True).start()
        total, began = PER_SECOND * seconds, time.monotonic()
        for number in range(total):
            pause = began + number / PER_SECOND - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            topic.publisher.publish(topic.topic, body(number, f"/sent-{time.time():.6f}"))
        until = time.monotonic() + 30
        while len(delays) < total and time.monotonic() < until:
            time.sleep(0.1)
        reader.kill()
    note = f"{len(delays):,} of {total:,} events; p50 {percentile(delays, 0.5) * 1000:.0f} ms"
    return [
        Figure("publish to visible elsewhere, p95", percentile(delays, 0.95) * 1000, "ms", 500, note=note),
        Figure("publish to visible elsewhere, p99", percentile(delays, 0.99) * 1000, "ms", 2000),
        Figure("events that became visible", len(delays) / total, "of all", 1, above=True),
    ]


def _throughput(folder: Path, host: str, messages: int) -> list[Figure]:
    bare, listening, home = Topic(), Topic(), folder / "throughput"
    bare.publish(messages)
    listening.publish(messages)
    ran = subprocess.run([sys.executable, "-c", BARE, bare.subscription, str(messages)], cwd=ROOT, check=True,
                         capture_output=True, text=True)  # fmt: skip
    floor = float(ran.stdout)
    with sidecar(home, host, listening.subscription) as process:
        while not (first := count(home)):
            time.sleep(0.01)
        began = time.monotonic()
        while (now := count(home)) < messages:
            time.sleep(0.02)
        rate, held = (now - first) / (time.monotonic() - began), process.memory_info().rss
    note = f"{rate:,.0f} against {floor:,.0f} messages a second; sidecar {held / GIGABYTE:.2f} GB"
    return [Figure("listener, of the bare client", rate / floor, "x", 0.8, above=True, note=note)]
