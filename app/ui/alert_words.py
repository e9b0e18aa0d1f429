"""The words, signs and colours of alerts. Pure."""

from __future__ import annotations

from app.ui.status import Status

STATUSES = {
    "firing": Status("Firing", ":material/notifications_active:", "red", "●"),
    "acknowledged": Status("Acknowledged", ":material/person_check:", "blue", "◉"),
    "silenced": Status("Silenced", ":material/notifications_off:", "gray", "◌"),
    "resolved": Status("Resolved", ":material/check_circle:", "green", "✓"),
}
SHOWN = {
    "Active": ["firing", "acknowledged", "silenced"],
    "Firing": ["firing"],
    "Resolved": ["resolved"],
    "All": [],
}
CHANNELS = {"slack": "Slack", "webhook": "Webhook", "email": "E-mail", "pagerduty": "PagerDuty"}


def status(name: object) -> str:
    """A status for a cell."""
    found = STATUSES.get(str(name))
    return found.words if found else str(name)
