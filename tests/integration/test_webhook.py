"""The webhook receiver in process: what it takes, refuses, keeps, and what a burst of it starts."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.testclient import TestClient

from app.errors import Permanent
from sync_jobs import runs
from sync_jobs.api import create_app
from sync_jobs.layers.base import Outcome, RunContext
from sync_jobs.layers.webhook.layer import WebhookLayer
from sync_jobs.runner import Runner
from sync_jobs.scheduler import Scheduler
from sync_jobs.tallies import refused_deliveries
from sync_jobs.webhook import deliveries
from sync_jobs.webhook.receiver import BODY_LIMIT, PATH, Receiver
from tests.fixtures.hook import SECRET, body_of, headers, push
from tests.fixtures.probe import ProbeLayer, probe_runner, wait_for

Extract = Callable[[RunContext], Any]
CONFIGURED = {"webhook_secret": SECRET, "git_url": "https://github.com/quartz/landing-zone.git"}


class Portal:
    """The app over a home whose git layer does what a test says."""

    def __init__(self, home: Path, extract: Extract | None = None, **settings: Any) -> None:
        self.git = ProbeLayer(extract, name="git")
        layers = (self.git, WebhookLayer())
        self.runner: Runner = probe_runner(home, *layers, settings={**CONFIGURED, **settings}, backoff=())  # type: ignore[arg-type]
        app = create_app(self.runner, Scheduler(self.runner), "token")
        self.receiver: Receiver = app.state.webhook
        self.client = TestClient(app, base_url="http://127.0.0.1:8601", raise_server_exceptions=False)

    def send(self, payload: Any = None, event: str = "push", **more: Any) -> httpx.Response:
        body = body_of(push() if payload is None else payload)
        found: httpx.Response = self.client.post(PATH, content=body, headers=headers(body, event, **more))
        return found

    def rows(self) -> list[dict[str, Any]]:
        return self.runner.cache.state.rows("SELECT * FROM webhook_deliveries ORDER BY received_at")

    def settled(self) -> None:
        wait_for(lambda: not deliveries.waiting(self.runner.cache.state) and not self.runner.active())

    def newest(self) -> dict[str, Any]:
        found = runs.latest(self.runner.cache.state, "webhook")
        assert found is not None
        return found


Make = Callable[..., Portal]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Portal] = []

    def begin(extract: Extract | None = None, **settings: Any) -> Portal:
        made.append(Portal(tmp_path / "home", extract, **settings))
        return made[-1]

    yield begin
    for one in made:
        one.runner.stop("test over")
        wait_for(lambda one=one: not one.runner.active())  # type: ignore[misc]


def test_without_a_secret_it_refuses_and_says_how_to_set_one(make: Make) -> None:
    portal = make(webhook_secret=None)
    answer = portal.send()
    assert answer.status_code == 503
    assert "PORTAL_WEBHOOK_SECRET" in answer.json()["hint"]
    assert portal.rows() == []


def test_a_push_is_kept_as_it_came_and_a_sync_follows(make: Make) -> None:
    portal = make()
    body = (
        b'{"ref": "refs/heads/main",  "after":"'
        + b"d" * 40
        + '", "repository": {"full_name": "quartz/landing-zone"}, "x": "\u00e4\\u0000"}'.encode()
    )
    answer = portal.client.post(PATH, content=body, headers=headers(body, delivery="one"))
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "accepted",
        "reason": "A sync of the configured repository follows.",
        "delivery_id": "one",
    }
    (row,) = portal.rows()
    assert row["body"] == body, "byte for byte"
    assert (row["event"], row["status"], row["ref"]) == ("push", "accepted", "refs/heads/main")
    assert (row["commit_sha"], row["repository"]) == ("d" * 40, "quartz/landing-zone")
    kept = json.loads(row["headers"])
    assert kept["x-github-hook-id"] == "12345" and "x-hub-signature-256" not in kept
    portal.settled()
    (git,) = portal.runner.cache.state.rows("SELECT * FROM sync_runs WHERE layer = 'git'")
    assert (git["trigger"], git["status"]) == ("webhook", "success")
    (row,) = portal.rows()
    assert row["sync_run_id"] == git["run_id"] and row["handled_at"] >= row["received_at"]
    newest = portal.newest()
    assert (newest["status"], newest["items_synced"], newest["trigger"]) == ("success", 1, "webhook")
    assert newest["details"]["sync_run_id"] == git["run_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"X-Hub-Signature-256": None},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=" + "0" * 40},
        {"X-Hub-Signature-256": None, "X-Hub-Signature": "sha1=" + "0" * 40},
        {"X-Hub-Signature-256": ""},
    ],
)
def test_a_wrong_signature_is_refused_counted_and_not_stored(
    make: Make, change: dict[str, str | None]
) -> None:
    portal, body = make(), body_of(push())
    before = dict(refused_deliveries.items()).get("signature", 0)
    given = {key: value for key, value in (headers(body) | change).items() if value is not None}
    answer = portal.client.post(PATH, content=body, headers=given)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "hint"}
    assert portal.rows() == [] and portal.git.calls == []
    assert dict(refused_deliveries.items())["signature"] == before + 1


def test_the_signature_covers_every_byte(make: Make) -> None:
    portal, body = make(), body_of(push())
    for changed in (body + b" ", body.replace(b"main", b"mean"), body[:-1], b""):
        assert portal.client.post(PATH, content=changed, headers=headers(body)).status_code == 401


def test_both_secrets_count_while_one_is_changed(make: Make) -> None:
    portal = make(webhook_secret="the old one, the new one")
    assert portal.send(secret="the old one").status_code == 202
    assert portal.send(secret="the new one").status_code == 202
    assert portal.send(secret="the old one, the new one").status_code == 401


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X-GitHub-Event": None}, "X-GitHub-Event"),
        ({"X-GitHub-Event": "push; drop"}, "X-GitHub-Event"),
        ({"X-GitHub-Delivery": None}, "X-GitHub-Delivery"),
        ({"X-GitHub-Delivery": "x" * 129}, "X-GitHub-Delivery"),
        ({"X-GitHub-Delivery": "a b"}, "X-GitHub-Delivery"),
    ],
)
def test_missing_headers_are_named(make: Make, change: dict[str, str | None], words: str) -> None:
    portal, body = make(), body_of(push())
    given = {key: value for key, value in (headers(body) | change).items() if value is not None}
    answer = portal.client.post(PATH, content=body, headers=given)
    assert answer.status_code == 400 and words in answer.json()["error"] and answer.json()["hint"]
    assert portal.rows() == []


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "application/json", "not JSON"),
        (b"{", "application/json", "not JSON"),
        (b"[1]", "application/json", "a list, no object"),
        (b'"push"', "application/json", "no object"),
        (b"\xff\xfe", "application/json", "not JSON"),
        (b"a=b", "application/x-www-form-urlencoded", "no field payload"),
        (b"payload=%7B", "application/x-www-form-urlencoded", "not JSON"),
        (b"\xff", "application/x-www-form-urlencoded", "no field payload"),
    ],
)
def test_a_body_that_is_no_object_is_refused(make: Make, body: bytes, kind: str, words: str) -> None:
    portal = make()
    answer = portal.client.post(PATH, content=body, headers={**headers(body), "Content-Type": kind})
    assert answer.status_code == 400 and words in answer.json()["error"] and answer.json()["hint"]
    assert portal.rows() == []


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8"]
)
def test_the_form_that_github_can_send_is_read(make: Make, kind: str) -> None:
    portal, body = make(), urlencode({"payload": json.dumps(push(note="ä&b=c"))}).encode()
    answer = portal.client.post(PATH, content=body, headers={**headers(body), "Content-Type": kind})
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert portal.rows()[0]["body"] == body


def test_a_body_above_the_limit_is_refused_while_it_is_read(make: Make) -> None:
    portal = make()
    large = body_of({"x": "y" * BODY_LIMIT})
    assert portal.client.post(PATH, content=large, headers=headers(large)).status_code == 413

    def chunks() -> Iterator[bytes]:  # without a length that says so beforehand
        for start in range(0, len(large), 2**20):
            yield large[start : start + 2**20]

    answer = portal.client.post(PATH, content=chunks(), headers=headers(large))
    assert answer.status_code == 413 and "25 MB" in answer.json()["error"]
    huge = portal.client.post(PATH, content=b"{}", headers={**headers(b"{}"), "Content-Length": str(10**15)})
    assert huge.status_code == 413
    assert portal.rows() == []


def test_the_largest_body_is_taken(make: Make) -> None:
    portal = make()
    rest = BODY_LIMIT - len(body_of(push(x="")))
    body = body_of(push(x="y" * rest))
    assert len(body) == BODY_LIMIT
    assert portal.client.post(PATH, content=body, headers=headers(body)).status_code == 202


@pytest.mark.parametrize(
    ("event", "payload", "reason"),
    [
        ("ping", {"zen": "z"}, "A ping"),
        ("issues", push(), "The event issues starts nothing"),
        ("push", push(repository={"full_name": "evil/landing-zone"}), "evil/landing-zone"),
        ("push", push(ref="refs/heads/feature"), "the portal follows main"),
    ],
)
def test_what_is_ignored_is_kept_with_its_reason_and_starts_nothing(
    make: Make, event: str, payload: dict[str, Any], reason: str
) -> None:
    portal = make()
    answer = portal.send(payload, event)
    assert (answer.status_code, answer.json()["status"]) == (202, "ignored")
    assert reason in answer.json()["reason"]
    portal.settled()
    (row,) = portal.rows()
    assert (row["status"], row["reason"]) == ("ignored", answer.json()["reason"])
    assert row["handled_at"] and row["sync_run_id"] is None
    assert portal.git.calls == []
    assert wait_for(portal.newest)["details"]["ignored"] == 1


def test_an_id_that_came_before_does_nothing_also_after_a_restart(make: Make) -> None:
    portal = make()
    assert portal.send(delivery="same").json()["status"] == "accepted"
    portal.settled()
    again = portal.send(push("e" * 40), delivery="same")
    assert (again.status_code, again.json()["status"]) == (202, "replayed")
    portal.runner.stop("restart")
    later = make()
    later.receiver.start()
    assert later.send(delivery="same").json()["status"] == "replayed"
    assert len(later.rows()) == 1
    time.sleep(1)
    assert later.git.calls == [] and portal.git.calls.count("extract") == 1


def test_one_id_sent_many_times_at_once_counts_once(make: Make) -> None:
    portal = make()
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(portal.send(delivery="same").json()["status"]))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["accepted"] + ["replayed"] * 11


def test_what_cannot_be_stored_is_not_accepted(make: Make) -> None:
    portal = make()
    with sqlite3.connect(portal.runner.cache.state.path) as connection:
        connection.execute("DROP TABLE webhook_deliveries")
    answer = portal.send()
    assert answer.status_code == 503 and answer.json()["hint"] and answer.headers["retry-after"]
    with sqlite3.connect(portal.runner.cache.state.path) as connection:
        connection.execute("CREATE TABLE other (x)")
    assert portal.send().status_code == 503, "the thread that stores lives on"


def test_it_is_on_the_disk_before_the_answer(make: Make) -> None:
    """While another writer holds the store, no answer comes."""
    portal = make()
    portal.send(delivery="first")
    portal.settled()
    blocker = sqlite3.connect(portal.runner.cache.state.path, isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    answers: list[int] = []
    sender = threading.Thread(target=lambda: answers.append(portal.send(delivery="second").status_code))
    sender.start()
    sender.join(0.7)
    assert answers == []
    assert portal.client.get("/healthz").status_code == 200, "and nothing else is held up"
    blocker.execute("ROLLBACK")
    blocker.close()
    sender.join(10)
    assert answers == [202]


@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.5])
def test_a_hundred_pushes_in_a_second_are_at_most_two_syncs(make: Make, seconds: float) -> None:
    began: list[datetime] = []

    def sync(ctx: RunContext) -> Outcome:
        began.append(datetime.now(UTC))
        time.sleep(seconds)
        return Outcome(items_synced=1)

    portal = make(sync)
    start = time.monotonic()
    for number in range(100):
        assert portal.send(push(f"{number + 1:040x}")).json()["status"] == "accepted"
        time.sleep(max(0.0, start + number * 0.01 - time.monotonic()))
    portal.settled()
    time.sleep(0.5)
    assert 1 <= len(began) <= 2
    last = portal.rows()[-1]
    assert last["commit_sha"] == f"{100:040x}"
    assert began[-1].timestamp() * 1e6 >= last["received_at"], "a sync began after the last push"
    assert all(row["sync_run_id"] and row["handled_at"] for row in portal.rows())


def test_a_push_during_a_sync_gets_another_one(make: Make) -> None:
    entered, opened = threading.Event(), threading.Event()

    def sync(ctx: RunContext) -> Outcome:
        entered.set()
        assert opened.wait(20)
        return Outcome()

    portal = make(sync)
    portal.send(delivery="one")
    assert entered.wait(10)
    portal.send(delivery="two")
    time.sleep(0.5)
    assert [row["sync_run_id"] is None for row in portal.rows()] == [False, True]
    opened.set()
    portal.settled()
    first, second = (row["sync_run_id"] for row in portal.rows())
    assert first != second and portal.git.calls.count("extract") == 2


def test_a_sync_that_somebody_else_runs_is_waited_for(make: Make) -> None:
    """It may have fetched before the push."""
    opened = threading.Event()

    def sync(ctx: RunContext) -> Outcome:
        if ctx.trigger == "cli":
            opened.wait(20)
        return Outcome()

    portal = make(sync)
    by_hand = portal.runner.start("git", "cli")
    watch = threading.Thread(target=portal.runner.finish, args=[by_hand])
    watch.start()
    portal.send()
    time.sleep(1.5)
    assert portal.rows()[0]["sync_run_id"] is None
    opened.set()
    watch.join(10)
    portal.settled()
    assert portal.rows()[0]["sync_run_id"] not in (None, by_hand.run_id)


def test_a_sync_that_fails_shows_in_the_status_of_the_webhook(make: Make) -> None:
    def sync(ctx: RunContext) -> Outcome:
        raise Permanent("The branch vanished.", "Set PORTAL_GIT_BRANCH.")

    portal = make(sync)
    assert portal.send().status_code == 202
    portal.settled()
    newest = wait_for(portal.newest)
    assert newest["status"] == "failed" and newest["hint"] == "Set PORTAL_GIT_BRANCH."
    assert "The branch vanished." in newest["error_messages"][0]
    time.sleep(2.5)
    assert portal.git.calls.count("extract") == 1, "it is not tried for ever"


def test_what_was_accepted_before_a_restart_is_served_after_it(make: Make) -> None:
    held = threading.Event()

    def stuck(ctx: RunContext) -> Outcome:
        held.set()
        while True:
            ctx.check()
            time.sleep(0.02)

    portal = make(stuck)
    portal.send(delivery="one")
    assert held.wait(10)
    portal.send(delivery="two")
    portal.runner.stop("the machine goes down")
    wait_for(lambda: not portal.runner.active())
    assert len(deliveries.waiting(portal.runner.cache.state)) == 2, "also the one whose sync was under way"
    later = make()
    later.receiver.start()
    later.settled()
    assert later.git.calls.count("extract") == 1
    assert len({row["sync_run_id"] for row in later.rows()}) == 1


def test_by_hand_it_serves_what_waits(make: Make) -> None:
    portal = make()
    now = datetime.now(UTC)
    row = {"delivery_id": "x", "event": "push", "received_at": now, "status": "accepted", "reason": "r"}
    deliveries.keep(portal.runner.cache.state, [row])
    assert portal.runner.run("webhook", "cli", {"runner": portal.runner})["items_synced"] == 1
    assert portal.rows()[0]["handled_at"]
    assert portal.runner.run("webhook", "cli", {"runner": portal.runner})["items_synced"] == 1, "of the hour"
    assert portal.git.calls.count("extract") == 1


def test_old_bodies_go_and_ids_stay(make: Make) -> None:
    state, now = make().runner.cache.state, datetime.now(UTC)
    ages = {"new": 1, "old": 31, "ancient": 401, "waits": 500}
    rows = [
        {
            "delivery_id": name,
            "event": "push",
            "received_at": now - timedelta(days=days),
            "status": "accepted",
            "reason": "r",
            "body": b"{}",
            "handled_at": None if name == "waits" else now,
        }
        for name, days in ages.items()
    ]
    deliveries.keep(state, rows)
    assert deliveries.forget_old(state, now) == 3
    left = {row["delivery_id"]: row["body"] for row in state.rows("SELECT * FROM webhook_deliveries")}
    assert left == {"new": b"{}", "old": None, "waits": b"{}"}


@pytest.mark.parametrize("name", ["hooks.example.test", "HOOKS.example.test:443"])
def test_a_name_of_the_proxy_reaches_the_webhook_and_nothing_else(make: Make, name: str) -> None:
    portal = make(webhook_host="Hooks.example.test")
    body = body_of(push())
    answer = portal.client.post(PATH, content=body, headers={**headers(body), "Host": name})
    assert answer.status_code == 202
    for path in (
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/api/v1/sync/sync-status",
        PATH + "/",
        "//webhook/github",
    ):
        assert portal.client.get(path, headers={"Host": name}).status_code == 421, path
    other = portal.client.post(PATH, content=body, headers={**headers(body), "Host": "other.example.test"})
    assert other.status_code == 421 and "PORTAL_WEBHOOK_HOST" in other.json()["hint"]


def test_without_a_name_only_this_machine_is_served(make: Make) -> None:
    body = body_of(push())
    answer = make().client.post(PATH, content=body, headers={**headers(body), "Host": "hooks.example.test"})
    assert answer.status_code == 421
