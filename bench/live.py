"""The Live events page over many events: what one redraw asks, while events keep arriving, against a home with few."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.measure import Figure, percentile

FEW, MANY = 1_000, 100_000
REDRAWS = 60
PER_REDRAW = 20  # new events between two redraws
TYPES = ("resource.created", "resource.updated", "resource.deleted", "policy.violation", "audit.denied")
SEVERITIES = ("info", "low", "medium", "high", "critical")


def measure(folder: Path) -> list[Figure]:
    """Queries of one redraw, warm, over a day with so many events."""
    few, many = (_redraws(folder / str(count), count) for count in (FEW, MANY))
    note = f"p95 {percentile(many, 0.95) * 1000:.0f} ms against {percentile(few, 0.95) * 1000:.0f} ms over {FEW:,}"
    return [
        Figure(
            f"redraw of Live events over {MANY:,} events, p95",
            percentile(many, 0.95) * 1000,
            "ms",
            500,
            note=note,
        )
    ]


def _redraws(home: Path, count: int) -> list[float]:
    from app import sql_files
    from app.engines.local import LocalEngine
    from app.settings import Settings
    from sync_jobs.store.state import State

    state, engine = State(home), LocalEngine(Settings(home=home))
    now = datetime.now(UTC)
    for start in range(0, count, 10_000):
        state.insert_new(
            "events",
            [_event(n, now - timedelta(seconds=0.86 * n)) for n in range(start, min(count, start + 10_000))],
        )
    since, hour = {"since": now - timedelta(days=1)}, {"since": now - timedelta(hours=1)}
    asked = [
        ("totals", since), ("totals", hour), ("per_minute", {**since, "interval_seconds": 3600}),
        ("recent", {**since, "page_size": 100}),
    ]  # fmt: skip
    took = []
    for number in range(REDRAWS + 5):
        base = count + number * PER_REDRAW
        state.insert_new("events", [_event(base + n, datetime.now(UTC)) for n in range(PER_REDRAW)])
        began = time.perf_counter()
        for name, params in asked:
            engine.query(sql_files.get(f"pages/live_events/{name}"), params)
        took.append(time.perf_counter() - began)
    engine.close()
    return took[5:]


def _event(number: int, at: datetime) -> dict[str, object]:
    project = f"sample-project-{number % 50}"
    return {
        "event_id": f"bench-{number}", "event_time": at, "received_at": at, "event_type": TYPES[number % 5],
        "severity": SEVERITIES[number % 5], "project_id": project, "asset_type": "storage.googleapis.com/Bucket",
        "asset_name": f"//storage.googleapis.com/bucket-{number % 5000}", "actor": f"person-{number % 40}@example.com",
        "summary": f"Bucket bucket-{number % 5000} was updated: resource.", "source": "feed",
        "raw": json.dumps({"asset": {"name": f"bucket-{number}", "resource": {"data": {"labels": {"n": str(number)}, "text": "x" * 600}}}}),
    }  # fmt: skip
