"""How soon a batch of 100 events is visible to another process while an import runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import exports
from bench.measure import ROOT, Figure, percentile

READER = """
import sys, time
from app import queries
seen = set()
print("ready", flush=True)
while True:
    for row in queries.adhoc("SELECT summary FROM events WHERE STARTS_WITH(summary, 'last ')").to_pylist():
        if row["summary"] not in seen:
            seen.add(row["summary"])
            print(f"{time.time() - float(row['summary'][5:]):.6f}", flush=True)
    time.sleep(0.005)
"""
BATCHES = 100


def measure(folder: Path) -> list[Figure]:
    """Commits batches through the store while a process imports and another one reads."""
    from sync_jobs.store.state import State

    home, export = folder / "home", folder / "first.ndjson"
    if not export.exists():
        exports.write(export, 300_000)
    environment = {**os.environ, "PORTAL_HOME": str(home), "PORTAL_LOG_LEVEL": "ERROR"}
    state = State(home)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    reader.stdout.readline()
    state.insert_new("events", _batch(-1), durable=True)  # a page's process has read events before
    reader.stdout.readline()
    command = [sys.executable, "-m", "sync_jobs", "import-assets", str(export), "--json"]
    importing = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        for batch in range(BATCHES):
            state.insert_new("events", _batch(batch), durable=True)
            time.sleep(0.1)
        running = importing.poll() is None
        delays = [float(reader.stdout.readline()) for _ in range(BATCHES)]
    finally:
        reader.kill()
        importing.wait()
    note = f"p50 {percentile(delays, 0.5) * 1000:.0f} ms" + (
        "" if running else "; the import ended before the last batch"
    )
    return [
        Figure(
            "100 events visible elsewhere during an import, p95",
            percentile(delays, 0.95) * 1000,
            "ms",
            100,
            note=note,
        )
    ]


def _batch(number: int) -> list[dict[str, object]]:
    now = datetime.now(UTC)
    rows = [
        {
            "event_id": f"bench-{number}-{i}",
            "event_time": now,
            "received_at": now,
            "event_type": "test",
            "severity": "info",
            "summary": f"event {number}-{i}",
            "source": "test",
        }
        for i in range(100)
    ]
    rows[-1]["summary"] = f"last {time.time()}"
    return rows
