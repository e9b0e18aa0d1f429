"""500 clients of /ws/sync-events at once: does each get every event, in order, and how soon; one of them does not read."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from bench.listening import body, sidecar
from bench.measure import ROOT, Figure

CLIENTS = 500
PER_SECOND = 5
SECONDS = 20

LISTENERS = """
import asyncio, json, sys, time
from websockets.asyncio.client import connect
url, token, clients, wanted = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
delays, counts, wrong = [], [], []
ready = 0
async def one():
    global ready
    async with connect(url, additional_headers={"Authorization": "Bearer " + token}, compression=None, open_timeout=60) as socket:
        await socket.recv()
        ready += 1
        seen, last = 0, 0
        try:
            while seen < wanted:
                told = json.loads(await asyncio.wait_for(socket.recv(), 60))
                if told["kind"] != "event":
                    continue
                seen += 1
                wrong.extend([1] if told["event"]["seq"] <= last else [])
                last = told["event"]["seq"]
                sent = (told["event"]["asset_name"] or "").partition("/sent-")[2]
                delays.append(time.time() - float(sent))
        except Exception as error:
            print(type(error).__name__, error, file=sys.stderr)
        counts.append(seen)
async def idle():
    async with connect(url, additional_headers={"Authorization": "Bearer " + token}, compression=None, open_timeout=60, max_queue=1) as socket:
        await asyncio.sleep(3600)
async def main():
    lazy = asyncio.create_task(idle())
    tasks = []
    for at in range(0, clients, 50):
        tasks += [asyncio.create_task(one()) for _ in range(min(50, clients - at))]
        while ready < len(tasks):
            await asyncio.sleep(0.05)
    print("ready", flush=True)
    await asyncio.gather(*tasks)
    delays.sort()
    at = lambda share: delays[int(len(delays) * share)] if delays else 9e9
    print(json.dumps({"whole": sum(1 for n in counts if n == wanted), "wrong": len(wrong), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99)}), flush=True)
    lazy.cancel()
asyncio.run(main())
"""


def measure(folder: Path) -> list[Figure]:
    """All clients in one process, the sidecar in another, messages from a server on loopback."""
    from tests.fixtures.pubsub_server import PATH, PubSubServer

    server, home, total = PubSubServer(), folder / "websocket", PER_SECOND * SECONDS
    with server.serving() as host, sidecar(home, host, PATH) as process:
        while not (home / "operator-token").exists() or not server.streams:
            time.sleep(0.1)
        port = next(one.laddr.port for one in process.net_connections("tcp") if one.status == "LISTEN")
        token = (home / "operator-token").read_text().strip()
        url = f"ws://127.0.0.1:{port}/ws/sync-events"
        listeners = subprocess.Popen(
            [sys.executable, "-c", LISTENERS, url, token, str(CLIENTS), str(total)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert listeners.stdout is not None
        listeners.stdout.readline()
        began = time.monotonic()
        for number in range(total):
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            server.publish(body(number, f"/sent-{time.time():.6f}"))
        found = json.loads(listeners.stdout.readline())
        listeners.wait(10)
    note = f"{total} events at {PER_SECOND} a second; p50 {found['p50'] * 1000:.0f} ms, p99 {found['p99'] * 1000:.0f} ms; {found['wrong']} out of order"
    return [
        Figure("WebSocket clients that got every event", found["whole"], "clients", CLIENTS, above=True),
        Figure("publish to all WebSocket clients, p95", found["p95"] * 1000, "ms", 2000, note=note),
    ]
