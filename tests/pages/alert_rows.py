"""Alerts of the small landing zone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.pages.conftest import NOW, World


def fill(world: World) -> None:
    """A rule, an alert, a channel."""
    rule(world)
    alert(world, "a")
    world.add(
        "alert_channels",
        channel="slack",
        configured=True,
        target="hooks.test",
        least_severity="low",
        failures=0,
    )


def alert(world: World, name: str, status: str = "firing", **more: Any) -> None:
    row = {
        "alert_id": name, "rule": "freshness", "subject": "assets", "severity": "high", "status": status,
        "summary": f"Assets are <b>old</b> ({name}).", "link": "sync_status?layer=assets", "fired_at": NOW - timedelta(hours=2),
        "firings": 2, "told": True,
    }  # fmt: skip
    world.add("alerts", **{**row, **more})


def rule(world: World, **more: Any) -> None:
    row = {"rule": "freshness", "title": "Freshness", "description": "Old data.", "severity": "high", "enabled": True,
           "params": "{}", "remediation": "Start the sidecar.", "evaluated_at": NOW - timedelta(seconds=20),
           "duration_seconds": 0.02, "wrong": 1}  # fmt: skip
    world.add("alert_rules", **{**row, **more})
