"""Alerts to any HTTPS address as signed JSON, in the manner of Standard Webhooks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from sync_jobs.notify.channels import NotTaken, Told, address
from sync_jobs.notify.http_post import post

if TYPE_CHECKING:
    from app.settings import Settings

VERSION = 1
PREFIX = "whsec_"


class Webhook:
    """See the module; docs/alerts.md has the body and how a receiver checks it."""

    name = "webhook"
    at_once = 100
    newest_only = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, told: Sequence[Told]) -> None:
        """See channels.Channel."""
        url, secret = self._settings.alert_webhook_url, self._settings.alert_webhook_secret
        if url is None or secret is None:
            raise NotTaken("It has no address, or no secret to sign with.")
        alerts = [
            {
                "id": one.message_id, "what": one.what, "at": one.at, "alert_id": one.alert["alert_id"],
                "rule": one.alert["rule"], "severity": one.alert["severity"], "subject": one.alert["subject"],
                "summary": one.alert["summary"], "fired_at": one.alert["fired_at"], "firings": one.alert["firings"],
                "url": address(self._settings, one.alert["link"]),
            }
            for one in told
        ]  # fmt: skip
        body = orjson.dumps({"version": VERSION, "alerts": alerts})
        # The same changes have the same id, however often they are tried: a receiver can tell.
        key = hashlib.sha256(" ".join(one.message_id for one in told).encode()).hexdigest()[:32]
        post(url.get_secret_value(), body, signed(key, int(time.time()), body, secret.get_secret_value()))


def signed(key: str, at: int, body: bytes, secret: str) -> dict[str, str]:
    """The headers that prove who sent `body`, and when."""
    digest = hmac.digest(_bytes(secret), f"{key}.{at}.".encode() + body, "sha256")
    return {
        "webhook-id": key,
        "webhook-timestamp": str(at),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def _bytes(secret: str) -> bytes:
    """Secrets with the prefix are base64, as libraries for receivers expect them."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise NotTaken(
                "PORTAL_ALERT_WEBHOOK_SECRET begins with whsec_, but the rest is not base64."
            ) from None
    return secret.encode()
