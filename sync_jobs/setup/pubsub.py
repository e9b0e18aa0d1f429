"""Create what events come through: topic, subscription, dead letters and rights; feeds, a log sink and findings where wanted.

Each thing is looked at first. What is right is left, what is missing is made, what an operator set otherwise is told and
left, except where messages would be lost. One that fails does not keep the others from being made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.errors import PortalError, SettingsError
from app.settings import Settings
from sync_jobs.setup.google_calls import Calls
from sync_jobs.setup.pubsub_sources import Wanted, sources
from sync_jobs.setup.steps import Done, Names, Step, done

RETENTION_SECONDS = 7 * 86400
ACK_SECONDS = 60
ATTEMPTS = 10
BACKOFF = (10, 600)


def setup(settings: Settings, wanted: Wanted, dry_run: bool, calls: Calls | None = None) -> list[Done]:
    """Make what is missing. Raises SettingsError where a setting is. With `dry_run` nothing is changed.

    A dry run looks, where it may, so that it prints only what is not right yet.
    """
    names, google = names_of(settings), calls or Calls(settings)
    if (wanted.feeds or wanted.log_sink or wanted.findings) and not settings.gcp_scope:
        raise SettingsError(
            "Feeds, the log sink and findings need a scope.",
            "Set PORTAL_GCP_SCOPE, such as organizations/1234.",
        )
    found = [done(step, dry_run) for step in _steps(settings, names, google)]
    if settings.pubsub_emulator_host:
        found.append(Done("right", "rights", "The emulator knows none."))
        return found + [_not_there(step, dry_run) for step in sources(settings, names, google, wanted)]
    number: list[str] = []
    found.append(_project_number(google, names.project, number))
    if number:
        found += [done(step, dry_run) for step in _rights(names, google, number[0])]
    found += [done(step, dry_run) for step in sources(settings, names, google, wanted)]
    return found


def _not_there(step: Step, dry_run: bool) -> Done:
    """An emulator is of Pub/Sub alone."""
    if dry_run:
        return Done("would", step.name, step.call)
    return Done(
        "failed", step.name, "The emulator has none.", "Unset PUBSUB_EMULATOR_HOST to make it at Google."
    )


def exit_code(found: list[Done], dry_run: bool) -> int:
    """0 all is there, 3 some failed, 1 all did."""
    failed = [one for one in found if one.status == "failed"]
    if dry_run or not failed:
        return 0
    return 1 if len(failed) == len(found) else 3


def names_of(settings: Settings) -> Names:
    """The names of the settings. Raises SettingsError without a project."""
    if not settings.gcp_project:
        raise SettingsError("No project is set.", "Set PORTAL_GCP_PROJECT to the one that holds the topic.")
    project = settings.gcp_project
    topic, subscription = settings.pubsub_topic, settings.pubsub_subscription
    return Names(
        project,
        topic if topic.startswith("projects/") else f"projects/{project}/topics/{topic}",
        subscription
        if subscription.startswith("projects/")
        else f"projects/{project}/subscriptions/{subscription}",
    )


# -- topic and subscription --------------------------------------------------------------------------------


def _steps(settings: Settings, names: Names, google: Calls) -> Iterator[Step]:
    role = "Whoever runs this needs roles/pubsub.editor on the project."
    for topic in (names.topic, names.dead_topic):
        yield Step(
            f"topic {topic}",
            f"gcloud pubsub topics create {topic} --message-retention-duration=7d",
            lambda topic=topic: google.topic(topic),  # type: ignore[misc]
            lambda topic=topic: google.create_topic(topic, RETENTION_SECONDS),  # type: ignore[misc]
            role=role,
        )
    yield Step(
        f"subscription {names.dead_subscription}",
        f"gcloud pubsub subscriptions create {names.dead_subscription} --topic={names.dead_topic} --expiration-period=never",
        lambda: google.subscription(names.dead_subscription),
        lambda: google.create_subscription(_plain(names.dead_subscription, names.dead_topic)),
        lambda found: _other_topic(found, names.dead_topic),
        role=role,
    )
    yield Step(
        f"subscription {names.subscription}",
        f"gcloud pubsub subscriptions create {names.subscription} --topic={names.topic} --enable-message-ordering"
        f" --ack-deadline={ACK_SECONDS} --message-retention-duration=7d --expiration-period=never"
        f" --min-retry-delay={BACKOFF[0]}s --max-retry-delay={BACKOFF[1]}s"
        f" --dead-letter-topic={names.dead_topic} --max-delivery-attempts={ATTEMPTS}",
        lambda: google.subscription(names.subscription),
        lambda: google.create_subscription(_full(names)),
        lambda found: _differences(found, names),
        lambda found: _mended(google, found, names),
        role=role,
    )


def _plain(name: str, topic: str) -> dict[str, Any]:
    return {
        "name": name,
        "topic": topic,
        "ack_deadline_seconds": ACK_SECONDS,
        "message_retention_duration": {"seconds": RETENTION_SECONDS},
        "expiration_policy": {},
    }


def _full(names: Names) -> dict[str, Any]:
    return {
        **_plain(names.subscription, names.topic),
        "enable_message_ordering": True,
        "dead_letter_policy": {"dead_letter_topic": names.dead_topic, "max_delivery_attempts": ATTEMPTS},
        "retry_policy": {
            "minimum_backoff": {"seconds": BACKOFF[0]},
            "maximum_backoff": {"seconds": BACKOFF[1]},
        },
    }


def _other_topic(found: Any, topic: str) -> list[str]:
    return (
        [] if found.topic == topic else [f"It belongs to {found.topic}, not {topic}: make it anew by hand."]
    )


def _differences(found: Any, names: Names) -> list[str]:
    told_of = _other_topic(found, names.topic)
    if found.push_config.push_endpoint:
        told_of.append(
            "It pushes; the listener needs one that is pulled. POST /api/v1/events/push takes what is pushed."
        )
    if not found.enable_message_ordering:
        told_of.append("It does not keep the order of messages, which can be chosen only when it is made.")
    if not found.dead_letter_policy.dead_letter_topic:
        told_of.append("It has no topic for dead letters.")
    if found.message_retention_duration.total_seconds() < 86400:
        told_of.append("It keeps messages for less than a day: a longer outage loses some.")
    return told_of


def _mended(google: Calls, found: Any, names: Names) -> list[str]:
    """Only what keeps messages from being lost."""
    changes: dict[str, Any] = {"name": names.subscription}
    done = []
    if found.topic != names.topic:
        return []
    if not found.dead_letter_policy.dead_letter_topic:
        changes["dead_letter_policy"] = _full(names)["dead_letter_policy"]
        done.append("Dead letters go to a topic now.")
    if found.message_retention_duration.total_seconds() < 86400:
        changes["message_retention_duration"] = {"seconds": RETENTION_SECONDS}
        done.append("It keeps messages for seven days now.")
    if done:
        google.update_subscription(changes)
    return done


# -- rights ------------------------------------------------------------------------------------------------


def _project_number(google: Calls, project: str, into: list[str]) -> Done:
    name = f"number of {project}"
    try:
        into.append(google.project_number(project))
    except PortalError as error:
        return Done(
            "failed", name, error.message, "Rights were not looked at. roles/browser on the project shows it."
        )
    return Done("right", name, into[0])


def _rights(names: Names, google: Calls, number: str) -> Iterator[Step]:
    pubsub = f"serviceAccount:service-{number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    assets = f"serviceAccount:service-{number}@gcp-sa-cloudasset.iam.gserviceaccount.com"
    for resource, member, role in (
        (names.dead_topic, pubsub, "roles/pubsub.publisher"),
        (names.subscription, pubsub, "roles/pubsub.subscriber"),
        (names.topic, assets, "roles/pubsub.publisher"),
    ):
        yield _right(google, resource, member, role)


def _right(google: Calls, resource: str, member: str, role: str) -> Step:
    kind = "topics" if "/topics/" in resource else "subscriptions"
    return Step(
        f"{role} on {resource} for {member}",
        f"gcloud pubsub {kind} add-iam-policy-binding {resource} --member={member} --role={role}",
        lambda: google.bound(resource, member, role) or None,
        lambda: google.bind(resource, member, role),
        role="Whoever runs this needs roles/pubsub.admin on the project.",
    )
