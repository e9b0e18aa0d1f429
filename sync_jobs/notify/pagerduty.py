"""Alerts as incidents of PagerDuty (Events API v2): one per alert, resolved with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from sync_jobs.notify.channels import TEST, NotTaken, Told, address
from sync_jobs.notify.http_post import post

if TYPE_CHECKING:
    from app.settings import Settings

SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}
SUMMARY_LIMIT = 1024


class PagerDuty:
    """See the module."""

    name = "pagerduty"
    at_once = 1
    newest_only = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, told: Sequence[Told]) -> None:
        """See channels.Channel. A test opens an incident and resolves it."""
        key = self._settings.alert_pagerduty_key
        if key is None:
            raise NotTaken("It has no routing key.")
        for one in told:
            for action in {"resolved": ("resolve",), TEST: ("trigger", "resolve")}.get(
                one.what, ("trigger",)
            ):
                post(self._settings.alert_pagerduty_url, self._body(one, action, key.get_secret_value()))

    def _body(self, one: Told, action: str, key: str) -> bytes:
        alert, link = one.alert, address(self._settings, one.alert["link"])
        body = {
            "routing_key": key,
            "event_action": action,
            "dedup_key": alert["alert_id"],
            "client": "Landing Zone Portal",
            "payload": {
                "summary": alert["summary"][:SUMMARY_LIMIT],
                "source": alert["subject"][:255] or "landing zone",
                "severity": SEVERITIES[alert["severity"]],
                "timestamp": alert["fired_at"],
                "class": alert["rule"],
                "custom_details": {
                    "rule": alert["rule"],
                    "subject": alert["subject"],
                    "firings": alert["firings"],
                },
            },
        }
        if link:
            body |= {"client_url": link, "links": [{"href": link, "text": "Open in the portal"}]}
        return orjson.dumps(body)
