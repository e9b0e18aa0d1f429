"""The statuses of layers and runs: a word, an icon and a colour each, never a colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.ui import text

Colour = Literal["green", "orange", "red", "blue", "gray"]


@dataclass(frozen=True)
class Status:
    """`sign` stands for the icon where only text can be shown."""

    label: str
    icon: str
    colour: Colour
    sign: str

    @property
    def words(self) -> str:
        """For cells of tables."""
        return f"{self.sign} {self.label}"


SUCCESS = Status("Success", ":material/check_circle:", "green", "✓")
PARTIAL = Status("Partial", ":material/error:", "orange", "◐")
FAILED = Status("Failed", ":material/cancel:", "red", "✕")
RUNNING = Status("Running", ":material/sync:", "blue", "↻")
NOT_CONFIGURED = Status("Not configured", ":material/do_not_disturb_on:", "gray", "–")
NEVER = Status("Never run", ":material/schedule:", "gray", "○")
FRESH = Status("Fresh", ":material/check:", "green", "✓")
STALE = Status("Stale", ":material/history:", "orange", "!")

RUN_STATUSES = {"success": SUCCESS, "partial": PARTIAL, "failed": FAILED, "in_progress": RUNNING}
CHANGES = {
    "created": Status("Created", ":material/add_circle:", "green", "+"),
    "updated": Status("Updated", ":material/edit:", "blue", "~"),
    "deleted": Status("Deleted", ":material/delete:", "red", "-"),
}
SEVERITIES = {
    "critical": "⬤ critical",
    "high": "◆ high",
    "medium": "▲ medium",
    "low": "▽ low",
    "info": "· info",
}


def of_run(value: object) -> Status:
    """The status of a run; one that is not known is shown by its name, in grey."""
    name = str(value)
    return RUN_STATUSES.get(name) or Status(name, ":material/help:", "gray", "?")


def of_layer(layer: Mapping[str, Any]) -> Status:
    """The status of a layer: without a source it is never green, whatever ran before."""
    if not layer["configured"]:
        return NOT_CONFIGURED
    return of_run(layer["status"]) if text.known(layer["status"]) else NEVER


def freshness(layer: Mapping[str, Any]) -> Status | None:
    """Fresh or stale against the layer's target; None where there is nothing to judge."""
    if not layer["configured"] or not text.known(layer["stale"]):
        return None
    return STALE if layer["stale"] else FRESH
