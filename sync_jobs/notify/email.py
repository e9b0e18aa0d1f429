"""Alerts by mail: one mail for all that changed, as plain text."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

import structlog

from sync_jobs.notify.channels import SECONDS, NotTaken, Told, address

if TYPE_CHECKING:
    from app.settings import Settings

IN_FULL = 200
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

log = structlog.get_logger("sync_jobs.alerts")


class Email:
    """See the module."""

    name = "email"
    at_once = 1000
    newest_only = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, told: Sequence[Told]) -> None:
        """See channels.Channel. Recipients that are refused are logged: the others would get it once more each time."""
        given = self._settings
        if not (given.alert_smtp_host and given.alert_email_from and given.alert_email_to):
            raise NotTaken("It has no mail server, no sender or nobody to send to.")
        if given.alert_smtp_security == "none" and given.alert_smtp_host not in LOOPBACK:
            raise NotTaken("PORTAL_ALERT_SMTP_SECURITY=none is for a mail server on this machine only.")
        mail = self._mail(told)
        try:
            with self._connection(given.alert_smtp_host) as server:
                if given.alert_smtp_security == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if given.alert_smtp_user and given.alert_smtp_password:
                    server.login(given.alert_smtp_user, given.alert_smtp_password.get_secret_value())
                refused = server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            raise NotTaken(f"{type(error).__name__}: {error.smtp_code} {words[:200]}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotTaken(f"{type(error).__name__}: {str(error)[:200]}") from None
        if refused:
            log.warning("alert_mail_refused_in_part", recipients=sorted(refused))

    def _connection(self, host: str) -> smtplib.SMTP:
        port = self._settings.alert_smtp_port
        if self._settings.alert_smtp_security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=ssl.create_default_context())
        return smtplib.SMTP(host, port, timeout=SECONDS)

    def _mail(self, told: Sequence[Told]) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = self._settings.alert_email_from
        mail["To"] = ", ".join(self._settings.alert_email_to)
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain="landing-zone-portal")
        mail["Auto-Submitted"] = "auto-generated"
        fired = sum(1 for one in told if one.what == "fired")
        first = told[0]
        mail["Subject"] = _line(
            f"[Portal] {first.words}: {first.alert['summary']}"
            if len(told) == 1
            else f"[Portal] {len(told):,} changes of alerts, {fired:,} of them firing"
        )[:200]
        parts = [self._words(one) for one in told[:IN_FULL]]
        if len(told) > IN_FULL:
            parts.append(f"… and {len(told) - IN_FULL:,} more. The page Alerts shows all.")
        mail.set_content("\n\n".join(parts) + "\n")
        return mail

    def _words(self, one: Told) -> str:
        alert, link = one.alert, address(self._settings, one.alert["link"])
        lines = [
            f"{one.words} ({alert['severity']}), {alert['rule'].replace('_', ' ')}",
            _line(alert["summary"]),
            f"{one.at}  {_line(alert['subject'])}",
        ]
        return "\n".join([*lines, link] if link else lines)


def _line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
