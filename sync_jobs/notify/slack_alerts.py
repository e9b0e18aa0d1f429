"""Alerts to an incoming webhook of Slack: one message for all that changed, the first ones in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sync_jobs.notify.channels import SECONDS, NotTaken, Told, address
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
        from slack_sdk.webhook import WebhookClient

        if self._settings.alert_slack_webhook is None:
            raise NotTaken("It has no address.")
        client = WebhookClient(
            self._settings.alert_slack_webhook.get_secret_value(), timeout=int(SECONDS), retry_handlers=[]
        )
        fired = sum(1 for one in told if one.what == "fired")
        text = (
            f"{len(told):,} changes of alerts, {fired:,} of them firing"
            if len(told) > 1
            else self._words(told[0])
        )
        try:
            answer = client.send(text=text, blocks=self._blocks(told), unfurl_links=False, unfurl_media=False)
        except Exception as error:  # noqa: BLE001  whatever it is, the outbox tries again and says so
            raise NotTaken(f"No answer: {type(error).__name__}.") from None
        if answer.status_code != 200:
            after = str(
                {key.lower(): value for key, value in (answer.headers or {}).items()}.get("retry-after", "")
            )
            wait = float(after) if after.isdigit() else None
            raise NotTaken(f"Status {answer.status_code}: {str(answer.body)[:200]}", wait)

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
