"""The words, signs and colours of compliance: severities, states of findings, of rules and of controls. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.ui.drift_status import percent
from app.ui.status import Status

SEVERITIES = {
    "critical": Status("Critical", ":material/error:", "red", "⬤"),
    "high": Status("High", ":material/priority_high:", "orange", "◆"),
    "medium": Status("Medium", ":material/change_history:", "blue", "▲"),
    "low": Status("Low", ":material/arrow_drop_down:", "gray", "▽"),
}
STATES = {
    "open": Status("Open", ":material/cancel:", "red", "✕"),
    "unknown": Status("Unknown", ":material/help:", "gray", "?"),
    "waived": Status("Waived", ":material/event_available:", "blue", "~"),
    "resolved": Status("Resolved", ":material/check_circle:", "green", "✓"),
}
MEANINGS = {
    "open": "It failed when it was last judged, and no waiver holds.",
    "unknown": "It could not be judged: the inventory does not hold what the rule needs. Never counted as passed.",
    "waived": "It failed, and somebody answers for it until the waiver ends.",
    "resolved": "It failed once. It was seen to pass, or its asset or rule is gone.",
}
RESULTS = {
    "broken": Status("Could not run", ":material/report:", "red", "!"),
    "failed": Status("Failed", ":material/cancel:", "red", "✕"),
    "unknown": Status("Unknown", ":material/help:", "gray", "?"),
    "waived": Status("Waived", ":material/event_available:", "blue", "~"),
    "passed": Status("Passed", ":material/check_circle:", "green", "✓"),
    "nothing": Status("No such assets", ":material/hide_source:", "gray", "·"),
    "manual": Status("Manual", ":material/person:", "orange", "☞"),
    "none": Status("Not covered", ":material/remove_circle:", "orange", "–"),
    "off": Status("Switched off", ":material/toggle_off:", "gray", "○"),
    "new": Status("Not run yet", ":material/schedule:", "gray", "…"),
}
COVERED = {
    "whole": "Yes",
    "part": "In part",
    "manual": "Needs a person",
    "none": "No",
}
# Told apart with every common kind of colour blindness, on white and on black (after Okabe and Ito).
COLOURS = {
    "failed": "#C8553D",
    "unknown": "#8A94A3",
    "waived": "#3F8FD2",
    "passed": "#009E73",
    "nothing": "#B9C2CE",
    "manual": "#E3A008",
    "none": "#7F4A1E",
}
SOURCES = {"portal": "the portal", "landing_zone": "the landing zone"}
BENCHMARK = "cis_gcp"
VERSIONS = ("5.0", "4.0", "3.0")


def severity(value: object) -> Status:
    """A severity; one that is not known is shown by its name."""
    return SEVERITIES.get(str(value)) or Status(str(value), ":material/help:", "gray", "?")


def state(value: object) -> Status:
    """The state of a finding."""
    return STATES.get(str(value)) or Status(str(value), ":material/help:", "gray", "?")


def result(value: object) -> Status:
    """The state of a rule or control."""
    return RESULTS.get(str(value)) or Status(str(value), ":material/help:", "gray", "?")


def framework(name: str) -> str:
    """The name of a framework for people."""
    return "CIS Google Cloud" if name == BENCHMARK else name


def controls(frameworks: Any) -> list[str]:
    """The controls a rule maps to, such as `CIS Google Cloud 4.0 · 5.1`; from the JSON of table policies."""
    read = orjson.loads(frameworks) if isinstance(frameworks, str) else frameworks
    found = []
    for name, versions in (read if isinstance(read, dict) else {}).items():
        for version, control in (versions if isinstance(versions, dict) else {}).items():
            for one in control if isinstance(control, list) else [control]:
                found.append(f"{framework(str(name))} {version} · {one}")
    return found


def by_control(control: str) -> tuple[tuple[int, str], ...]:
    """A key that sorts 1.2 before 1.10."""
    return tuple(
        (int(part), "") if part.isdecimal() else (10**9, part)
        for part in control.replace(" · ", ".").replace(" ", ".").split(".")
    )


def shares(row: Mapping[str, Any]) -> str:
    """The score of a row for people: 62.5%, never rounded to 100%."""
    return percent(row.get("score"))


__all__ = [
    "BENCHMARK",
    "COLOURS",
    "COVERED",
    "MEANINGS",
    "RESULTS",
    "SEVERITIES",
    "SOURCES",
    "STATES",
    "VERSIONS",
    "by_control",
    "controls",
    "framework",
    "percent",
    "result",
    "severity",
    "shares",
    "state",
]
