"""The listener for long and against everything: killed again and again, a million events, nothing but malformed ones.

Messages come from a server of the client's own types on loopback: it hands back at once what a dead stream held, as
Google's service does and its emulator does not. The million comes from the emulator.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

from bench import listening
from bench.listening import GIGABYTE, Topic, body, count, sidecar
from bench.measure import Figure

KILLS = 50
PER_SECOND = 300
MALFORMED = 10_000
MILLION = 1_000_000
AHEAD = 20_000  # published and not stored yet, at most
KINDS = (
    b"not json %d",
    b'["a list", %d]',
    b'{"event_type": "resource.exploded", "n": %d}',
    b"\xff\xfe %d",
    b'{"n": %d',
)


def measure(folder: Path, million: int = MILLION) -> list[Figure]:
    """Kills under load, malformed messages, and a million events."""
    from tests.fixtures.pubsub_server import PATH, PubSubServer

    figures = []
    for made in (_killed, _malformed):
        server = PubSubServer()
        with server.serving() as host:
            figures += made(folder, server, host, PATH)
    with listening.emulator() as host:
        os.environ["PUBSUB_EMULATOR_HOST"] = host
        figures += _million(folder, host, million)
    return figures


def _killed(folder: Path, server: Any, host: str, path: str) -> list[Figure]:
    home, stop, sent = folder / "killed", threading.Event(), 0

    def publish() -> None:
        nonlocal sent
        while not stop.wait(0.1):
            server.publish(*(body(sent + n, "") for n in range(PER_SECOND // 10)))
            sent += PER_SECOND // 10

    publisher = threading.Thread(target=publish)
    publisher.start()
    rng, under_load = random.Random(7), 0
    for _ in range(KILLS):
        with sidecar(home, host, path) as process:
            begun = count(home, "events")
            until = time.monotonic() + 30
            while count(home, "events") == begun and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(2 * rng.random())
            under_load += server.waiting() > 0
            process.send_signal(signal.SIGKILL)
    stop.set()
    publisher.join()
    with sidecar(home, host, path):
        until = time.monotonic() + 300
        while server.waiting() and time.monotonic() < until:
            time.sleep(0.2)
    stored, distinct = count(home, "events"), count(home, "(SELECT DISTINCT asset_name FROM events)")
    again = sum(server.delivered.values()) - len(server.delivered)
    note = f"{sent:,} published, {stored:,} stored, {distinct:,} different; {again:,} came again; {under_load} of {KILLS} kills under load"
    return [
        Figure(
            f"{KILLS} times kill -9: stored of published",
            stored / sent if stored == distinct else 0,
            "of all",
            1,
            above=True,
            note=note,
        )
    ]


def _malformed(folder: Path, server: Any, host: str, path: str) -> list[Figure]:
    home = folder / "malformed"
    with sidecar(home, host, path):
        server.publish(*(KINDS[n % len(KINDS)] % n for n in range(MALFORMED)))
        server.publish(body(1, ""))
        until = time.monotonic() + 300
        while (server.waiting() or not count(home, "events")) and time.monotonic() < until:
            time.sleep(0.2)
        failed = count(home, "sync_runs WHERE layer = 'events' AND status = 'failed'")
        kept, streams = count(home, "dead_letters"), server.streams
    note = f"{kept:,} of {MALFORMED:,} with a reason; {streams} stream, {failed} failed runs; the event behind them came"
    whole = kept == MALFORMED and failed == 0 and count(home, "events") == 1
    return [
        Figure(
            "malformed messages kept as dead letters",
            kept / MALFORMED if whole else 0,
            "of all",
            1,
            above=True,
            note=note,
        )
    ]


def _million(folder: Path, host: str, million: int) -> list[Figure]:
    topic, home, sent, most, grown = Topic(), folder / "million", 0, 0, list[int]()
    began = time.monotonic()
    with sidecar(home, host, topic.subscription) as process:
        while (stored := count(home, "events")) < million:
            if sent < million and sent - stored < AHEAD:
                more = min(5_000, million - sent)
                topic.publish(more, sent)
                sent += more
            else:
                time.sleep(0.1)
            held = process.memory_info().rss
            most = max(most, held)
            if stored // 100_000 >= len(grown):
                grown.append(held)
    took = time.monotonic() - began
    sizes = ", ".join(f"{one / GIGABYTE:.2f}" for one in grown)
    note = f"{stored / took:,.0f} a second; at each 100,000: {sizes} GB"
    return [Figure(f"sidecar at {million:,} events stored", most / GIGABYTE, "GB", 1, note=note)]
