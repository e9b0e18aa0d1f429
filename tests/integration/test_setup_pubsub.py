"""`setup pubsub`: topics and subscriptions on the emulator; rights, feeds, sinks and findings at fakes of Google's edge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.api_core.exceptions import NotFound, PermissionDenied
from google.cloud.asset_v1 import Feed
from google.iam.v1 import policy_pb2

from app.errors import SettingsError
from app.settings import Settings
from sync_jobs.setup import pubsub
from sync_jobs.setup.google_calls import Calls
from sync_jobs.setup.pubsub_sources import Wanted
from tests.fixtures.processes import Cli
from tests.fixtures.pubsub_emulator import Topic

ALL = Wanted(feeds=True, log_sink=True, findings=True)


@pytest.fixture
def settings(tmp_path: Path, topic: Topic) -> Settings:
    name = uuid4().hex[:8]
    return Settings(home=tmp_path, gcp_project=topic.project, pubsub_topic=f"new-{name}",
                    pubsub_subscription=f"sub-{name}", pubsub_emulator_host=topic.host)  # fmt: skip


def statuses(found: list[pubsub.Done]) -> list[str]:
    return [one.status for one in found]


def test_it_makes_topics_and_subscriptions_and_a_second_time_nothing(
    settings: Settings, topic: Topic
) -> None:
    names = pubsub.names_of(settings)
    planned = pubsub.setup(settings, Wanted(), dry_run=True)
    assert statuses(planned) == ["would"] * 4 + ["right"]
    assert "gcloud pubsub topics create" in planned[0].message
    with pytest.raises(NotFound):
        topic.publisher.get_topic(topic=names.topic)
    assert statuses(pubsub.setup(settings, Wanted(), dry_run=False)) == ["created"] * 4 + ["right"]
    made = topic.subscriber.get_subscription(subscription=names.subscription)
    assert made.topic == names.topic
    assert made.enable_message_ordering
    assert (made.ack_deadline_seconds, made.message_retention_duration.days) == (60, 7)
    assert made.dead_letter_policy.dead_letter_topic == names.dead_topic
    assert made.retry_policy.minimum_backoff.total_seconds() == 10
    before = topic.subscriber.get_subscription(subscription=names.subscription)
    assert statuses(pubsub.setup(settings, Wanted(), dry_run=False)) == ["right"] * 5
    assert topic.subscriber.get_subscription(subscription=names.subscription) == before


def test_what_an_operator_chose_is_told_and_what_loses_messages_is_mended(
    settings: Settings, topic: Topic
) -> None:
    names = pubsub.names_of(settings)
    topic.publisher.create_topic(name=names.topic)
    topic.subscriber.create_subscription(
        request={
            "name": names.subscription,
            "topic": names.topic,
            "message_retention_duration": {"seconds": 600},
        }
    )
    planned = pubsub.setup(settings, Wanted(), dry_run=True)
    assert planned[3].status == "differs"
    assert "less than a day" in planned[3].message
    found = pubsub.setup(settings, Wanted(), dry_run=False)
    assert found[3].status == "changed"
    made = topic.subscriber.get_subscription(subscription=names.subscription)
    assert made.message_retention_duration.days == 7
    assert made.dead_letter_policy.dead_letter_topic == names.dead_topic
    again = pubsub.setup(settings, Wanted(), dry_run=False)[3]
    assert again.status == "differs", "the order of messages is chosen when it is made"
    assert "order" in again.message


def test_a_subscription_of_another_topic_is_left(settings: Settings, topic: Topic) -> None:
    names = pubsub.names_of(settings)
    topic.subscriber.create_subscription(name=names.subscription, topic=topic.topic)
    found = pubsub.setup(settings, Wanted(), dry_run=False)
    assert found[3].status == "differs"
    assert topic.topic in found[3].message
    assert topic.subscriber.get_subscription(subscription=names.subscription).topic == topic.topic


def test_without_a_project_or_a_scope_it_says_which_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="project"):
        pubsub.setup(Settings(home=tmp_path), Wanted(), dry_run=True)
    with pytest.raises(SettingsError, match="scope"):
        pubsub.setup(Settings(home=tmp_path, gcp_project="quartz-hub"), Wanted(feeds=True), dry_run=True)


def test_from_the_command_line(cli: Cli, settings: Settings) -> None:
    variables = {
        "PORTAL_GCP_PROJECT": settings.gcp_project, "PORTAL_PUBSUB_TOPIC": settings.pubsub_topic,
        "PORTAL_PUBSUB_SUBSCRIPTION": settings.pubsub_subscription, "PUBSUB_EMULATOR_HOST": settings.pubsub_emulator_host,
    }  # fmt: skip
    run = cli("setup", "pubsub", **variables)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("created") == 4


def test_what_an_emulator_has_not_is_told_and_its_calls_are_printed(cli: Cli, settings: Settings) -> None:
    variables = {
        "PORTAL_GCP_PROJECT": settings.gcp_project, "PORTAL_PUBSUB_TOPIC": settings.pubsub_topic,
        "PORTAL_PUBSUB_SUBSCRIPTION": settings.pubsub_subscription, "PUBSUB_EMULATOR_HOST": settings.pubsub_emulator_host,
        "PORTAL_GCP_SCOPE": "organizations/123",
    }  # fmt: skip
    wanted = ("--feeds", "--log-sink", "--findings")
    printed = cli("setup", "pubsub", "--dry-run", *wanted, **variables)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.count("gcloud asset feeds create") == 4
    assert (
        "gcloud logging sinks create" in printed.stdout
        and "gcloud scc notifications create" in printed.stdout
    )
    run = cli("setup", "pubsub", *wanted, **variables)
    assert run.returncode == 3 and run.stdout.count("The emulator has none.") == 6


class Google:
    """Rights, feeds, sinks and findings, as Google would answer. `changes` counts calls that change something."""

    def __init__(self) -> None:
        self.policies: dict[str, policy_pb2.Policy] = {}
        self.feeds: dict[str, Feed] = {}
        self.rest: dict[str, dict[str, Any]] = {"/v1/projects/quartz-hub": {"projectNumber": "4711"}}
        self.things: dict[str, Any] = {}
        self.refused: set[str] = set()
        self.changes = 0

    # Pub/Sub

    def get_topic(self, topic: str, timeout: float) -> Any:
        return self._thing(topic)

    def get_subscription(self, subscription: str, timeout: float) -> Any:
        return self._thing(subscription)

    def create_topic(self, request: dict[str, Any], timeout: float) -> None:
        self._put(request)

    def create_subscription(self, request: dict[str, Any], timeout: float) -> None:
        from google.pubsub_v1 import Subscription

        self.changes += 1
        self.things[request["name"]] = Subscription(request)

    def get_iam_policy(self, request: dict[str, Any], timeout: float) -> policy_pb2.Policy:
        return self.policies.setdefault(request["resource"], policy_pb2.Policy())

    def set_iam_policy(self, request: dict[str, Any], timeout: float) -> None:
        self.changes += 1
        self.policies[request["resource"]] = request["policy"]

    # feeds

    def get_feed(self, request: dict[str, Any], timeout: float) -> Feed:
        if request["name"] not in self.feeds:
            raise NotFound("no such feed")
        return self.feeds[request["name"]]

    def create_feed(self, request: dict[str, Any], timeout: float) -> None:
        if "feeds" in self.refused:
            raise PermissionDenied("cloudasset.feeds.create")
        self.changes += 1
        self.feeds[request["feed"]["name"]] = Feed(request["feed"])

    # REST

    def request(self, method: str, url: str, json: Any, timeout: float) -> Any:
        path, _, query = url.removeprefix("https://").partition("/")[2].partition("?")
        path = f"/{path}"
        if path.split("/")[-1] in self.refused or path in self.refused:
            return _Answer(403, {"error": {"message": "not for you"}})
        if method == "GET":
            found = self.rest.get(path)
            return _Answer(200, found) if found else _Answer(404, {"error": {"message": "none"}})
        self.changes += 1
        name = query.removeprefix("configId=") if "configId" in query else json["name"]
        made = {**json, "writerIdentity": "serviceAccount:o1-7@gcp-sa-logging.iam.gserviceaccount.com"}
        self.rest[f"{path}/{name}"] = made
        return _Answer(200, made)

    def _thing(self, name: str) -> Any:
        if name not in self.things:
            raise NotFound(name)
        return self.things[name]

    def _put(self, request: dict[str, Any]) -> None:
        self.changes += 1
        self.things[request["name"]] = request


class _Answer:
    def __init__(self, status_code: int, body: Any) -> None:
        self.status_code, self._body = status_code, body

    def json(self) -> Any:
        return self._body


@pytest.fixture
def google(tmp_path: Path) -> Iterator[tuple[Settings, Google, Calls]]:
    made = Settings(home=tmp_path, gcp_project="quartz-hub", gcp_scope="organizations/1,projects/p-one",
                    pubsub_emulator_host=None)  # fmt: skip
    fake = Google()
    calls = Calls(made, session=fake, asset_client=fake)
    calls._clients = (fake, fake)
    yield made, fake, calls


def test_rights_feeds_sink_and_findings(google: tuple[Settings, Google, Calls]) -> None:
    settings, fake, calls = google
    planned = pubsub.setup(settings, ALL, True, calls)
    assert fake.changes == 0, "a dry run changes nothing"
    assert {one.status for one in planned} == {"would", "right"}
    made = pubsub.setup(settings, ALL, False, calls)
    assert {one.status for one in made} == {"created", "right"}
    assert len(fake.feeds) == 4 + 3, "a project has no access policies"
    topic = "projects/quartz-hub/topics/lz-infrastructure-events"
    members = [member for one in fake.policies[topic].bindings for member in one.members]
    assert sorted(members) == [
        "serviceAccount:o1-7@gcp-sa-logging.iam.gserviceaccount.com",
        "serviceAccount:service-4711@gcp-sa-cloudasset.iam.gserviceaccount.com",
    ]
    sink = fake.rest["/v2/organizations/1/sinks/portal-lz-admin-activity"]
    assert sink["includeChildren"] is True
    assert "activity" in sink["filter"]
    changes = fake.changes
    again = pubsub.setup(settings, ALL, False, calls)
    assert {one.status for one in again} == {"right"}
    assert fake.changes == changes, "the second time changes nothing"


def test_what_is_refused_is_named_and_the_others_are_made(google: tuple[Settings, Google, Calls]) -> None:
    settings, fake, calls = google
    fake.refused = {"feeds", "portal-lz-findings"}
    found = pubsub.setup(settings, ALL, False, calls)
    failed = [one for one in found if one.status == "failed"]
    assert len(failed) == 7 + 2
    assert all("roles/" in one.mend for one in failed)
    assert pubsub.exit_code(found, False) == 3
    assert "/v2/organizations/1/sinks/portal-lz-admin-activity" in fake.rest


def test_a_project_that_cannot_be_seen_keeps_only_the_rights_from_being_made(
    google: tuple[Settings, Google, Calls],
) -> None:
    settings, fake, calls = google
    fake.refused = {"/v1/projects/quartz-hub"}
    found = pubsub.setup(settings, Wanted(), False, calls)
    assert statuses(found) == ["created"] * 4 + ["failed"]
    assert fake.policies == {}
