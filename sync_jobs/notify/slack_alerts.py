"""Alerts to an incoming webhook of Slack: one message for all that changed, the first ones in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson

from sync_jobs.notify.channels import NotTaken, Told, address
from sync_jobs.notify.http_post import post
from sync_jobs.notify.slack import escaped

if TYPE_CHECKING:
    from app.settings import Settings

IN_FULL = 20  # Slack takes 50 blocks
MARKS = {"fired": ":rotating_light:", "resolved": ":white_check_mark:", "test": ":wave:"}


class Slack:
    """See the module."""

    name = "slack"
    at_once = 1000
    newest_only = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, told: Sequence[Told]) -> None:
        """See channels.Channel."""
        if self._settings.alert_slack_webhook is None:
            raise NotTaken("It has no address.")
        fired = sum(1 for one in told if one.what == "fired")
        many = f"{len(told):,} changes of alerts, {fired:,} of them firing"
        body = {
            "text": many if len(told) > 1 else self._words(told[0]),
            "blocks": self._blocks(told),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        post(self._settings.alert_slack_webhook.get_secret_value(), orjson.dumps(body))

    def _blocks(self, told: Sequence[Told]) -> list[dict[str, Any]]:
        texts = [self._words(one) for one in told[:IN_FULL]]
        if len(told) > IN_FULL:
            link = address(self._settings, None)
            texts.append(f"… and {len(told) - IN_FULL:,} more" + (f": <{link}|all alerts>" if link else "."))
        return [
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in texts
        ]

    def _words(self, one: Told) -> str:
        alert, link = one.alert, address(self._settings, one.alert["link"])
        head = f"{MARKS[one.what]} *{one.words}: {escaped(alert['rule'].replace('_', ' '))}* ({alert['severity']})"
        return f"{head}\n{escaped(alert['summary'])[:1500]}" + (
            f"\n<{escaped(link)}|Open in the portal>" if link else ""
        )
