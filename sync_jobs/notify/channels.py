"""The channels that are told of alerts: which there are, what each needs, and what all of them take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from app.settings import Settings

SECONDS = 10.0  # for one delivery
TEST = "test"


@dataclass(frozen=True)
class Told:
    """A change of an alert: `what` is fired, resolved or test; `at` an ISO time; `alert` a row of alerts."""

    message_id: str
    what: str
    at: str
    alert: Mapping[str, Any]

    @property
    def words(self) -> str:
        """What happened, for people."""
        return {"fired": "Firing", "resolved": "Resolved", TEST: "Test"}[self.what]


class NotTaken(Exception):
    """A channel did not take a delivery. `retry_after`: seconds it asked to wait, where it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Channel(Protocol):
    """One way to tell people. `at_once`: how many changes one delivery holds."""

    name: str
    at_once: int
    newest_only: bool  # only the newest change of each alert matters to it

    def deliver(self, told: Sequence[Told]) -> None:
        """Hand them over, in order. Raises NotTaken, with no secret in its reason."""


@dataclass(frozen=True)
class Standing:
    """A channel as the settings have it. `missing` says what it lacks; None where it can send."""

    name: str
    least_severity: str
    target: str
    missing: str | None


def standings(settings: Settings) -> list[Standing]:
    """All channels, also those that are not set up."""
    from urllib.parse import urlsplit

    def host(url: Any) -> str:
        return urlsplit(url.get_secret_value()).hostname or "" if url else ""

    mail = [
        name for name in ("smtp_host", "email_from", "email_to") if not getattr(settings, f"alert_{name}")
    ]
    webhook = [name for name in ("webhook_url", "webhook_secret") if not getattr(settings, f"alert_{name}")]
    return [
        Standing("slack", settings.alert_slack_severity, host(settings.alert_slack_webhook), _lacks([] if settings.alert_slack_webhook else ["slack_webhook"])),
        Standing("webhook", settings.alert_webhook_severity, host(settings.alert_webhook_url), _lacks(webhook)),
        Standing("email", settings.alert_email_severity, ", ".join(settings.alert_email_to), _lacks(mail)),
        Standing("pagerduty", settings.alert_pagerduty_severity, urlsplit(settings.alert_pagerduty_url).hostname or "", _lacks([] if settings.alert_pagerduty_key else ["pagerduty_key"])),
    ]  # fmt: skip


def made(settings: Settings, name: str) -> Channel:
    """The channel of that name, which has what it needs."""
    from sync_jobs.notify import email, pagerduty, slack_alerts, webhook

    makers: dict[str, Any] = {
        "slack": slack_alerts.Slack,
        "webhook": webhook.Webhook,
        "email": email.Email,
        "pagerduty": pagerduty.PagerDuty,
    }
    channel: Channel = makers[name](settings)
    return channel


def _lacks(names: list[str]) -> str | None:
    if not names:
        return None
    return "Set " + " and ".join(f"PORTAL_ALERT_{name.upper()}" for name in names) + "."


def address(settings: Settings, link: str | None) -> str | None:
    """Where a person finds more; None without PORTAL_PORTAL_URL."""
    return f"{settings.portal_url}/{link or 'alerts'}" if settings.portal_url else None
