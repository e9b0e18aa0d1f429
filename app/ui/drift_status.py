"""The statuses of drift: a word, a sign and a colour each, and the share under code. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.ui.status import Status

# In the order in which a bar stacks them: what is under code first.
STATUSES = {
    "managed": Status("Managed", ":material/check_circle:", "green", "✓"),
    "changed": Status("Changed", ":material/edit:", "orange", "~"),
    "missing": Status("Missing", ":material/remove_circle:", "red", "−"),
    "unmanaged": Status("Unmanaged", ":material/add_circle:", "blue", "+"),
    "unknown": Status("Unknown", ":material/help:", "gray", "?"),
}
MEANINGS = {
    "managed": "Declared, there, and as declared.",
    "changed": "Declared and there, with other values.",
    "missing": "Declared, and not in the cloud.",
    "unmanaged": "In the cloud, and nothing declares it.",
    "unknown": "Declared, but what it stands for could not be told or compared. Never counted as managed.",
}
# Told apart with every common kind of colour blindness, on white and on black (after Okabe and Ito).
COLOURS = {
    "managed": "#009E73",
    "changed": "#E08A00",
    "missing": "#C8553D",
    "unmanaged": "#3F8FD2",
    "unknown": "#8A94A3",
}


def of(value: object) -> Status:
    """The status of a row; one that is not known is shown by its name, in grey."""
    return STATUSES.get(str(value)) or Status(str(value), ":material/help:", "gray", "?")


def share(row: Mapping[str, Any]) -> float | None:
    """Managed and changed, of all that exists or may: 0 to 1. None where there is nothing.

    What is unknown counts as not under code; what is missing does not exist, and does not count.
    """
    under = int(row["managed"]) + int(row["changed"])
    whole = under + int(row["unmanaged"]) + int(row["unknown"])
    return under / whole if whole else None


def percent(value: float | None) -> str:
    """62.5%, never rounded to 100% or 0% when it is not; a dash for nothing."""
    if value is None:
        return "—"
    if 0.9995 <= value < 1:
        return ">99.9%"
    if 0 < value < 0.0005:
        return "<0.1%"
    return f"{value:.1%}"
