"""What channels are told and how, over real connections; what an outbox does while one of them is away."""

from __future__ import annotations

import base64
import email
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from sync_jobs.alerts import life, outbox
from sync_jobs.alerts.outbox import Outbox
from sync_jobs.alerts.rules import Wrong
from sync_jobs.notify import channels
from sync_jobs.notify.channels import NotTaken, Told
from sync_jobs.store.cache import Cache
from tests.fixtures.probe import wait_for
from tests.fixtures.processes import free_port
from tests.fixtures.receivers import Mailbox, Receiver

SECRET = "a-canary-secret-of-the-webhook"
KEY = "a-canary-routing-key-of-the-service"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as made:
        yield made


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().serving() as made:
        yield made


def settings(home: Path, **given: Any) -> Settings:
    return Settings(home=home, portal_url="https://portal.example.com", **given)


def told(
    number: int = 1, what: str = "fired", summary: str = "A bucket is open.", severity: str = "critical"
) -> Told:
    alert = {
        "alert_id": f"public_exposure:{number}", "rule": "public_exposure", "subject": f"//storage/b{number}",
        "severity": severity, "summary": summary, "link": "compliance?finding=x%7Cy", "fired_at": NOW.isoformat(), "firings": 1,
    }  # fmt: skip
    return Told(f"m{number}-{what}", what, NOW.isoformat(), alert)


# -- what each is told ----------------------------------------------------------------------------------


def test_the_webhook_is_signed_and_can_be_checked(receiver: Receiver, tmp_path: Path) -> None:
    given = settings(tmp_path, alert_webhook_url=receiver.url, alert_webhook_secret=SECRET)
    channels.made(given, "webhook").deliver([told(1), told(2, "resolved")])
    (post,) = receiver.posts
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    wanted = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{wanted}"
    body = json.loads(post.body)
    assert body["version"] == 1
    assert [(one["id"], one["what"], one["severity"]) for one in body["alerts"]] == [
        ("m1-fired", "fired", "critical"), ("m2-resolved", "resolved", "critical"),
    ]  # fmt: skip
    assert body["alerts"][0]["url"] == "https://portal.example.com/compliance?finding=x%7Cy"
    channels.made(given, "webhook").deliver([told(1), told(2, "resolved")])
    assert receiver.posts[1].headers["webhook-id"] == post.headers["webhook-id"], (
        "the same again has the same id"
    )


def test_a_secret_in_the_form_of_libraries(receiver: Receiver, tmp_path: Path) -> None:
    raw = b"twenty-four bytes at all"
    secret = "whsec_" + base64.b64encode(raw).decode()
    channels.made(
        settings(tmp_path, alert_webhook_url=receiver.url, alert_webhook_secret=secret), "webhook"
    ).deliver([told()])
    (post,) = receiver.posts
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    assert (
        post.headers["webhook-signature"]
        == "v1," + base64.b64encode(hmac.digest(raw, signed, "sha256")).decode()
    )
    bad = settings(tmp_path, alert_webhook_url=receiver.url, alert_webhook_secret="whsec_not base64 at all")
    with pytest.raises(NotTaken, match="the rest is not base64"):
        channels.made(bad, "webhook").deliver([told()])


def test_slack_gets_one_message_and_no_markup_from_outside(receiver: Receiver, tmp_path: Path) -> None:
    slack = channels.made(settings(tmp_path, alert_slack_webhook=receiver.url), "slack")
    slack.deliver([told(summary="<!channel> <https://evil.test|click> & more")])
    body = json.loads(receiver.posts[0].body)
    (block,) = body["blocks"]
    assert "*Firing: public exposure* (critical)" in block["text"]["text"]
    assert "&lt;!channel&gt; &lt;https://evil.test|click&gt; &amp; more" in block["text"]["text"]
    assert "<https://portal.example.com/compliance?finding=x%7Cy|Open in the portal>" in block["text"]["text"]
    slack.deliver([told(number) for number in range(500)])
    assert len(receiver.posts) == 2
    blocks = json.loads(receiver.posts[1].body)["blocks"]
    assert len(blocks) == 21 and "and 480 more" in blocks[-1]["text"]["text"]


def test_pagerduty_opens_one_incident_per_alert_and_ends_it(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status = 202
    given = settings(tmp_path, alert_pagerduty_key=KEY, alert_pagerduty_url=receiver.url)
    duty = channels.made(given, "pagerduty")
    duty.deliver([told(1)])
    duty.deliver([told(1, "resolved")])
    duty.deliver([told(2, "test", severity="low")])
    sent = [json.loads(post.body) for post in receiver.posts]
    assert [(one["event_action"], one["dedup_key"]) for one in sent] == [
        ("trigger", "public_exposure:1"), ("resolve", "public_exposure:1"),
        ("trigger", "public_exposure:2"), ("resolve", "public_exposure:2"),
    ]  # fmt: skip
    assert sent[0]["routing_key"] == KEY
    assert sent[0]["payload"] | {"custom_details": None} == {
        "summary": "A bucket is open.", "source": "//storage/b1", "severity": "critical", "timestamp": NOW.isoformat(),
        "class": "public_exposure", "custom_details": None,
    }  # fmt: skip


def mail(mailbox: Mailbox) -> Message:
    content = mailbox.mails[-1].content
    assert isinstance(content, bytes)
    return email.message_from_bytes(content)


def by_mail(home: Path, mailbox: Mailbox, **more: Any) -> Settings:
    given = {
        "alert_smtp_host": "127.0.0.1", "alert_smtp_port": mailbox.port, "alert_smtp_security": "none",
        "alert_email_from": "portal@example.com", "alert_email_to": ["ada@example.com", "bob@example.com"],
    }  # fmt: skip
    return settings(home, **{**given, **more})


def test_mail_is_plain_text_to_all_and_its_head_cannot_be_broken(mailbox: Mailbox, tmp_path: Path) -> None:
    channels.made(by_mail(tmp_path, mailbox), "email").deliver(
        [told(summary="Open.\r\nBcc: eve@evil.test\r\n\r\n<b>x</b>")]
    )
    assert mailbox.mails[0].rcpt_tos == ["ada@example.com", "bob@example.com"]
    found = mail(mailbox)
    assert found["Subject"] == "[Portal] Firing: Open. Bcc: eve@evil.test <b>x</b>"
    assert found["Bcc"] is None and found.get_content_type() == "text/plain"
    text = found.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Firing (critical), public exposure" in text.decode()
    assert "https://portal.example.com/compliance?finding=x%7Cy" in text.decode()
    channels.made(by_mail(tmp_path, mailbox), "email").deliver([told(1), told(2, "resolved")])
    assert mail(mailbox)["Subject"] == "[Portal] 2 changes of alerts, 1 of them firing"


def test_a_recipient_that_is_refused_does_not_bring_the_others_a_mail_each_minute(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.refused = {"bob@example.com"}
    channels.made(by_mail(tmp_path, mailbox), "email").deliver([told()])
    assert mailbox.mails[0].rcpt_tos == ["ada@example.com"]
    mailbox.refused |= {"ada@example.com"}
    with pytest.raises(NotTaken, match="no such box"):
        channels.made(by_mail(tmp_path, mailbox), "email").deliver([told()])


def test_mail_does_not_leave_the_machine_unprotected(mailbox: Mailbox, tmp_path: Path) -> None:
    far = by_mail(tmp_path, mailbox, alert_smtp_host="mail.example.com")
    with pytest.raises(NotTaken, match="on this machine only"):
        channels.made(far, "email").deliver([told()])
    with pytest.raises(NotTaken, match="STARTTLS"):  # the server does not offer it: nothing is sent
        channels.made(by_mail(tmp_path, mailbox, alert_smtp_security="starttls"), "email").deliver([told()])
    assert mailbox.mails == []


@pytest.mark.parametrize("name", ["slack", "webhook", "pagerduty", "email"])
def test_what_went_wrong_is_told_without_secrets(name: str, receiver: Receiver, tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}/canary-of-the-address"
    for url, reason in ((receiver.url, "Status 503"), (away, "No answer")):
        receiver.status, receiver.answer = 503, b"down\x1b[31m for <now>"
        given = settings(
            tmp_path, alert_slack_webhook=url, alert_webhook_url=url, alert_webhook_secret=SECRET,
            alert_pagerduty_key=KEY, alert_pagerduty_url=url, alert_smtp_host="127.0.0.1", alert_smtp_port=free_port(),
            alert_email_from="a@example.com", alert_email_to=["b@example.com"],
        )  # fmt: skip
        with pytest.raises(NotTaken) as caught:
            channels.made(given, name).deliver([told()])
        assert name == "email" or reason in str(caught.value)
        assert "canary" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_redirect_is_not_followed(receiver: Receiver, tmp_path: Path) -> None:
    receiver.status, receiver.more = 307, {"location": receiver.url + "/elsewhere"}
    given = settings(tmp_path, alert_webhook_url=receiver.url, alert_webhook_secret=SECRET)
    with pytest.raises(NotTaken, match="307"):
        channels.made(given, "webhook").deliver([told()])
    assert len(receiver.posts) == 1


def test_standings_say_what_is_lacking(tmp_path: Path) -> None:
    found = {
        one.name: one.missing
        for one in channels.standings(Settings(home=tmp_path, alert_smtp_host="mail.example.com"))
    }
    assert found == {
        "slack": "Set PORTAL_ALERT_SLACK_WEBHOOK.",
        "webhook": "Set PORTAL_ALERT_WEBHOOK_URL and PORTAL_ALERT_WEBHOOK_SECRET.",
        "email": "Set PORTAL_ALERT_EMAIL_FROM and PORTAL_ALERT_EMAIL_TO.",
        "pagerduty": "Set PORTAL_ALERT_PAGERDUTY_KEY.",
    }


# -- the outbox -----------------------------------------------------------------------------------------


class Sent:
    """A home with channels, and an outbox that is stepped by hand."""

    def __init__(self, home: Path, receiver: Receiver, **more: Any) -> None:
        given = {"alert_webhook_url": receiver.url, "alert_webhook_secret": SECRET}
        self.settings = settings(home, **{**given, **more})
        self.cache = Cache(home)
        self.state = self.cache.state
        self.outbox = Outbox(self.settings, self.cache)
        self.outbox.describe()

    def fire(self, *subjects: str, severity: str = "high") -> None:
        changes = life.compare("r", [], [Wrong(one, severity, f"{one} is wrong.") for one in subjects], NOW)
        outbox.enqueue(self.settings, self.state, changes.told)

    def resolve(self, subject: str) -> None:
        row = life.compare("r", [], [Wrong(subject, "high", "x")], NOW).alerts[0]
        outbox.enqueue(self.settings, self.state, life.compare("r", [row], [], NOW).told)

    def statuses(self, name: str = "webhook") -> list[str]:
        sql = "SELECT status FROM alert_messages WHERE channel = ? ORDER BY seq"
        return [row["status"] for row in self.state.rows(sql, name)]

    def channel(self, name: str = "webhook") -> dict[str, Any]:
        return self.state.rows("SELECT * FROM alert_channels WHERE channel = ?", name)[0]


@pytest.fixture
def sent(tmp_path: Path, receiver: Receiver) -> Sent:
    return Sent(tmp_path / "home", receiver)


def bodies(receiver: Receiver) -> list[list[str]]:
    return [
        [f"{a['what']} {a['subject']}" for a in json.loads(post.body)["alerts"]] for post in receiver.posts
    ]


def test_an_hour_away_loses_nothing_and_floods_nobody(sent: Sent, receiver: Receiver) -> None:
    receiver.status = 503
    at = datetime.now(UTC)
    for minute in range(60):  # something fires and resolves each minute; the outbox tries each second
        sent.fire(f"s{minute}")
        sent.resolve(f"s{minute}")
        for second in range(0, 60, 5):
            sent.outbox.step("webhook", at + timedelta(minutes=minute, seconds=second))
    tries = len(receiver.posts)
    assert tries <= 20, "it waits longer each time, at most five minutes"
    assert sent.channel()["last_error"] == "Status 503: ok" and sent.channel()["failures"] == tries
    assert sent.statuses() == ["waiting"] * 120
    receiver.status = 200
    receiver.posts.clear()
    later = at + timedelta(hours=1, minutes=5)
    assert [sent.outbox.step("webhook", later) for _ in range(3)] == [100, 20, 0]
    got = [one for body in bodies(receiver) for one in body]
    assert got == [f"{what} s{minute}" for minute in range(60) for what in ("fired", "resolved")]
    assert sent.statuses() == ["sent"] * 120
    assert (sent.channel()["failures"], sent.channel()["last_error"], sent.channel()["next_try_at"]) == (
        0,
        None,
        None,
    )


def test_a_channel_that_asks_for_time_gets_it(sent: Sent, receiver: Receiver) -> None:
    receiver.status, receiver.more = 429, {"retry-after": "1800"}
    sent.fire("a")
    at = datetime.now(UTC)
    assert sent.outbox.step("webhook", at) == 0
    assert sent.outbox.step("webhook", at + timedelta(minutes=29)) == 0
    assert len(receiver.posts) == 1
    receiver.status = 200
    assert sent.outbox.step("webhook", at + timedelta(minutes=31)) == 1


def test_pagerduty_gets_the_newest_of_each_alert_only(tmp_path: Path, receiver: Receiver) -> None:
    receiver.status = 202
    sent = Sent(tmp_path / "home", receiver, alert_pagerduty_key=KEY, alert_pagerduty_url=receiver.url)
    sent.fire("a", "b")
    sent.resolve("a")
    while sent.outbox.step("pagerduty"):
        pass
    assert sent.statuses("pagerduty") == ["overtaken", "sent", "sent"]
    found = [json.loads(post.body) for post in receiver.posts]
    assert [(one["event_action"], one["payload"]["source"]) for one in found] == [
        ("trigger", "b"),
        ("resolve", "a"),
    ]


def test_a_channel_hears_of_what_is_severe_enough(tmp_path: Path, receiver: Receiver) -> None:
    sent = Sent(tmp_path / "home", receiver, alert_webhook_severity="high")
    sent.fire("a", severity="critical")
    sent.fire("b", severity="high")
    sent.fire("c", severity="medium")
    sent.outbox.step("webhook")
    assert bodies(receiver) == [["fired a", "fired b"]]


def test_after_a_week_it_is_given_up_and_says_so(sent: Sent) -> None:
    sent.fire("a")
    outbox.sweep(sent.state, datetime.now(UTC) + timedelta(days=6))
    assert sent.statuses() == ["waiting"]
    outbox.sweep(sent.state, datetime.now(UTC) + timedelta(days=8))
    assert sent.statuses() == ["given up"]
    outbox.sweep(sent.state, datetime.now(UTC) + timedelta(days=31))
    assert sent.statuses() == []


def test_what_waits_for_a_channel_that_is_no_longer_set_up_is_given_up(sent: Sent) -> None:
    sent.fire("a")
    Outbox(Settings(home=sent.settings.home), sent.cache).describe()
    assert sent.statuses() == ["given up"]
    assert (sent.channel()["configured"], sent.channel()["failures"]) == (0, 0)


def test_threads_deliver_what_waited_and_one_that_hangs_holds_no_other_up(
    tmp_path: Path, receiver: Receiver
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        sent = Sent(tmp_path / "home", receiver, alert_slack_webhook=slow)
        sent.fire("a")
        sent.outbox.start()
        assert wait_for(lambda: sent.statuses() == ["sent"])
        assert sent.statuses("slack") == ["waiting"]
        began = datetime.now(UTC)
        sent.outbox.stop(seconds=1.0)
        assert datetime.now(UTC) - began < timedelta(seconds=5)


def test_a_fault_in_a_channel_is_told_and_tried_again(tmp_path: Path, receiver: Receiver) -> None:
    class Faulty:
        name, at_once, newest_only = "webhook", 10, False

        def deliver(self, _told: object) -> None:
            raise RuntimeError("nobody thought of it")

    sent = Sent(tmp_path / "home", receiver)
    sent.outbox = Outbox(sent.settings, sent.cache, make=lambda *_: Faulty())
    sent.fire("a")
    sent.outbox.start()
    assert wait_for(lambda: sent.channel()["failures"] == 1)
    sent.outbox.stop()
    assert "RuntimeError" in sent.channel()["last_error"] and sent.statuses() == ["waiting"]
