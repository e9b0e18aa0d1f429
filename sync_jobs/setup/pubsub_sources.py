"""What publishes into the topic: feeds of the Cloud Asset API, a log sink of admin activity, findings of Security Command Center."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.settings import Settings
from sync_jobs.layers.assets.scopes import parse
from sync_jobs.setup.google_calls import Calls, told
from sync_jobs.setup.steps import Names, Step

SINK = "portal-lz-admin-activity"
NOTIFICATION = "portal-lz-findings"
ADMIN_ACTIVITY = 'log_id("cloudaudit.googleapis.com/activity")'
FEED_CONTENT = ("RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY")


@dataclass(frozen=True)
class Wanted:
    """What is switched on besides topic and subscription."""

    feeds: bool = False
    log_sink: bool = False
    findings: bool = False


def sources(settings: Settings, names: Names, google: Calls, wanted: Wanted) -> Iterator[Step]:
    for scope in parse(settings.gcp_scope or ""):
        if wanted.feeds:
            for content in FEED_CONTENT:
                if content == "ACCESS_POLICY" and not scope.startswith("organizations/"):
                    continue
                yield _feed(settings, names, google, scope, content)
        if wanted.log_sink:
            yield _sink(names, google, scope)
        if wanted.findings:
            yield _findings(names, google, scope)


def _feed(settings: Settings, names: Names, google: Calls, scope: str, content: str) -> Step:
    feed_id = f"portal-lz-{scope.replace('/', '-')}-{content.lower().replace('_', '-')}"
    types = list(settings.asset_types) or [".*"]
    kind = scope.split("/", maxsplit=1)[0].removesuffix("s")
    return Step(
        f"feed {scope}/feeds/{feed_id}",
        f"gcloud asset feeds create {feed_id} --{kind}={scope.split('/')[1]} --content-type={content.lower().replace('_', '-')}"
        f" --asset-types='{','.join(types)}' --pubsub-topic={names.topic}",
        lambda: google.feed(scope, feed_id),
        lambda: google.create_feed(scope, feed_id, content, types, names.topic),
        lambda found: told(found.feed_output_config.pubsub_destination.topic, names.topic, "It publishes to"),
        role=f"Whoever runs this needs roles/cloudasset.owner on {scope}, and the Cloud Asset API in {names.project}.",
    )


def _sink(names: Names, google: Calls, scope: str) -> Step:
    destination = f"pubsub.googleapis.com/{names.topic}"

    def make() -> None:
        writer = google.create_sink(scope, SINK, destination, ADMIN_ACTIVITY)
        google.bind(names.topic, writer, "roles/pubsub.publisher")

    def mend(found: Any) -> list[str]:
        writer = str(found.get("writerIdentity", ""))
        if not writer or google.bound(names.topic, writer, "roles/pubsub.publisher"):
            return []
        google.bind(names.topic, writer, "roles/pubsub.publisher")
        return [f"{writer} may publish now."]

    kind = scope.split("/", maxsplit=1)[0].removesuffix("s")
    children = "" if kind == "project" else " --include-children"
    return Step(
        f"log sink {scope}/sinks/{SINK}",
        f"gcloud logging sinks create {SINK} {destination} --{kind}={scope.split('/')[1]}{children} --log-filter='{ADMIN_ACTIVITY}'",
        lambda: google.sink(scope, SINK),
        make,
        lambda found: told(str(found.get("destination")), destination, "It writes to"),
        mend,
        role=f"Whoever runs this needs roles/logging.configWriter on {scope}.",
    )


def _findings(names: Names, google: Calls, scope: str) -> Step:
    kind = scope.split("/", maxsplit=1)[0].removesuffix("s")
    return Step(
        f"notification {scope}/locations/global/notificationConfigs/{NOTIFICATION}",
        f"gcloud scc notifications create {NOTIFICATION} --{kind}={scope.split('/')[1]} --location=global"
        f" --pubsub-topic={names.topic} --filter='state=\"ACTIVE\"'",
        lambda: google.notification(scope, NOTIFICATION),
        lambda: google.create_notification(scope, NOTIFICATION, names.topic),
        lambda found: told(str(found.get("pubsubTopic")), names.topic, "It publishes to"),
        role=f"Whoever runs this needs roles/securitycenter.notificationConfigEditor on {scope}, and Security Command Center.",
    )
