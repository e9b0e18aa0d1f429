"""Every wire format of the topic to its event, and whatever else to a dead letter."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync_jobs.layers.events.message import DeadLetter, Event, Message
from sync_jobs.layers.events.normalise import normalise

PUBLISHED = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
BUCKET = "//storage.googleapis.com/sample-bucket"
INSTANCE = "//compute.googleapis.com/projects/p-one/zones/europe-west1-b/instances/vm-1"


def message(body: Any, identity: str = "1", **attributes: str) -> Message:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    return Message(data, attributes, identity, PUBLISHED)


def event(body: Any, identity: str = "1", **attributes: str) -> Event:
    found = normalise(message(body, identity, **attributes))
    assert isinstance(found, Event), found
    return found


def refused(body: Any, **attributes: str) -> str:
    found = normalise(message(body, **attributes))
    assert isinstance(found, DeadLetter), found
    return found.reason


def instance(**data: Any) -> dict[str, Any]:
    return {
        "name": INSTANCE,
        "assetType": "compute.googleapis.com/Instance",
        "ancestors": ["projects/42", "organizations/1"],
        "resource": {"data": {"status": "RUNNING", **data}},
    }


# -- Cloud Asset feeds ---------------------------------------------------------------------------------


def test_feed_update_without_deleted_and_end_time() -> None:
    found = event(
        {
            "asset": instance(status="TERMINATED"),
            "priorAsset": instance(),
            "priorAssetState": "PRESENT",
            "window": {"startTime": "2026-03-01T12:00:00.123456789Z"},
        }
    )
    assert (found.source, found.event_type, found.project_id) == ("feed", "resource.updated", "p-one")
    assert found.event_time == datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    assert found.summary == "Instance vm-1 was updated: resource."
    assert found.before and found.before["resource"]["data"]["status"] == "RUNNING"
    assert found.after and found.after["resource"]["data"]["status"] == "TERMINATED"


@pytest.mark.parametrize("state", ["DOES_NOT_EXIST", "DELETED"])
def test_feed_creation(state: str) -> None:
    window = {"startTime": "2026-03-01T12:00:00Z"}
    found = event({"asset": instance(), "priorAssetState": state, "window": window})
    assert (found.event_type, found.before) == ("resource.created", None)


@pytest.mark.parametrize(
    "body",
    [
        {
            "asset": {"name": INSTANCE, "assetType": "compute.googleapis.com/Instance"},
            "priorAsset": instance(),
            "deleted": True,
        },
        {"asset": {"name": INSTANCE}, "priorAsset": instance(), "deleted": True},
        {"priorAsset": instance(), "priorAssetState": "PRESENT"},
        {"prior_asset": instance(), "deleted": True, "prior_asset_state": "PRESENT"},
    ],
)
def test_feed_deletion_with_little_or_no_asset(body: dict[str, Any]) -> None:
    found = event({**body, "window": {"startTime": "2026-03-01T12:00:00Z"}})
    assert (found.event_type, found.asset_name, found.after) == ("resource.deleted", INSTANCE, None)
    assert found.asset_type == "compute.googleapis.com/Instance" and found.before


def test_feed_in_snake_case() -> None:
    asset = {
        "name": BUCKET,
        "asset_type": "storage.googleapis.com/Bucket",
        "iam_policy": {"bindings": []},
        "update_time": "2026-03-01T12:00:00Z",
    }
    found = event({"asset": asset, "prior_asset_state": "PRESENT"})
    assert (found.asset_type, found.event_type) == ("storage.googleapis.com/Bucket", "resource.updated")
    assert found.after == {"iam_policy": {"bindings": []}}


def test_letting_everybody_in_is_severe_and_was_it_so_before_it_is_not_new() -> None:
    def policy(*members: str) -> dict[str, Any]:
        return {
            "name": BUCKET,
            "assetType": "storage.googleapis.com/Bucket",
            "iamPolicy": {"bindings": [{"role": "r", "members": list(members)}]},
        }

    window = {"startTime": "2026-03-01T12:00:00Z"}
    opened = {
        "asset": policy("allUsers"),
        "priorAsset": policy("user:a@b"),
        "priorAssetState": "PRESENT",
        "window": window,
    }
    assert event(opened).severity == "high"
    assert event({**opened, "priorAsset": policy("allUsers")}).severity == "info"


def test_a_feed_message_that_names_nothing_or_no_time_is_refused() -> None:
    assert "names no asset" in refused({"asset": {"assetType": "a/B"}, "window": {}})
    bare = Message(orjson.dumps({"asset": {"name": BUCKET, "assetType": "a/B"}}))
    found = normalise(bare)
    assert isinstance(found, DeadLetter) and "tells no time" in found.reason


# -- audit logs, findings, CloudEvents -----------------------------------------------------------------

AUDIT = {
    "insertId": "abc",
    "logName": "projects/p-one/logs/cloudaudit.googleapis.com%2Factivity",
    "resource": {"type": "gce_instance", "labels": {"project_id": "p-one"}},
    "protoPayload": {
        "serviceName": "compute.googleapis.com",
        "methodName": "v1.compute.instances.delete",
        "resourceName": "projects/p-one/zones/europe-west1-b/instances/vm-1",
        "authenticationInfo": {"principalEmail": "mira@sample-lz.example"},
    },
    "timestamp": "2026-03-01T12:00:00Z",
    "receiveTimestamp": "2026-03-01T12:00:01Z",
}


def test_audit_log() -> None:
    found = event(AUDIT)
    assert (found.source, found.event_type, found.severity) == ("audit_log", "resource.deleted", "low")
    assert (found.project_id, found.actor, found.asset_name) == ("p-one", "mira@sample-lz.example", INSTANCE)
    assert found.summary == "mira@sample-lz.example called v1.compute.instances.delete on vm-1."


@pytest.mark.parametrize(
    ("method", "status", "kind", "severity"),
    [
        ("v1.compute.instances.insert", {}, "resource.created", "info"),
        ("storage.buckets.update", {}, "resource.updated", "info"),
        ("storage.objects.get", {}, "audit.read", "info"),
        ("SetIamPolicy", {}, "resource.updated", "medium"),
        ("google.iam.admin.v1.CreateServiceAccountKey", {}, "resource.created", "medium"),
        ("storage.buckets.delete", {"code": 7}, "audit.denied", "medium"),
        ("storage.buckets.delete", {"code": 5}, "audit.failed", "info"),
    ],
)
def test_audit_methods(method: str, status: dict[str, int], kind: str, severity: str) -> None:
    payload = {**AUDIT["protoPayload"], "methodName": method, "status": status}  # type: ignore[dict-item]
    found = event({**AUDIT, "protoPayload": payload})
    assert (found.event_type, found.severity) == (kind, severity)


def test_audit_log_without_a_method_is_refused() -> None:
    assert "names no method" in refused({**AUDIT, "protoPayload": {"serviceName": "x"}})


@pytest.mark.parametrize("place", ["", "/locations/global"])
@pytest.mark.parametrize(
    ("state", "kind", "severity"),
    [("ACTIVE", "policy.violation", "critical"), ("INACTIVE", "policy.resolved", "info")],
)
def test_finding(place: str, state: str, kind: str, severity: str) -> None:
    finding = {
        "name": f"organizations/1/sources/2{place}/findings/f",
        "resourceName": BUCKET,
        "state": state,
        "category": "PUBLIC_BUCKET_ACL",
        "severity": "CRITICAL",
        "eventTime": "2026-03-01T12:00:00Z",
    }
    body = {
        "notificationConfigName": "n",
        "finding": finding,
        "resource": {"name": BUCKET, "projectDisplayName": "p-one"},
    }
    found = event(body)
    assert (found.source, found.event_type, found.severity) == ("scc", kind, severity)
    assert (found.asset_name, found.project_id) == (BUCKET, "p-one")


def cloud_event(**more: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "source": "//x/projects/p-one",
        "specversion": "1.0",
        "time": "2026-03-01T12:00:00Z",
        **more,
    }


def test_cloud_events_structured_and_binary() -> None:
    kind = "google.cloud.audit.log.v1.written"
    structured = event(cloud_event(type=kind, data=AUDIT))
    headers = {"ce-id": "e1", "ce-source": "//x/projects/p-one", "ce-specversion": "1.0", "ce-type": kind}
    binary = normalise(Message(orjson.dumps(AUDIT), headers, "1", PUBLISHED))
    assert isinstance(binary, Event)
    for found in (structured, binary):
        assert (found.source, found.event_type, found.actor) == (
            "eventarc",
            "resource.deleted",
            "mira@sample-lz.example",
        )
    assert structured.key == binary.key


def test_a_cloud_event_of_a_published_message_is_what_was_published() -> None:
    inner = {
        "data": base64.b64encode(orjson.dumps(AUDIT)).decode(),
        "messageId": "9",
        "publishTime": "2026-03-01T12:00:02Z",
    }
    body = cloud_event(
        type="google.cloud.pubsub.topic.v1.messagePublished", data={"subscription": "s", "message": inner}
    )
    assert event(body).source == "audit_log"


def test_any_other_cloud_event_is_kept_as_it_is() -> None:
    found = event(
        cloud_event(
            type="google.cloud.storage.object.v1.finalized", subject="objects/o", data={"bucket": "b"}
        )
    )
    assert (found.event_type, found.project_id) == ("google.cloud.storage.object.v1.finalized", "p-one")
    assert "no `id` and `source`" in refused({"specversion": "1.0", "type": "t", "data": {}})


def test_push_envelope() -> None:
    inner = {
        "data": base64.b64encode(orjson.dumps(AUDIT)).decode(),
        "messageId": "9",
        "publishTime": "2026-03-01T12:00:02Z",
    }
    assert (
        event({"message": inner, "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 2}).key
        == event(AUDIT).key
    )
    assert "not base64" in refused({"message": {"data": "%%%"}, "subscription": "s"})


# -- the landing zone's own events and the test message ------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "kind"),
    [
        ("resource.created", "resource.created"),
        ("resource_deleted", "resource.deleted"),
        ("policy_violation", "policy.violation"),
        ("compliance.drift", "compliance.drift"),
        ("cost_anomaly", "cost.anomaly"),
    ],
)
def test_own_events(spelling: str, kind: str) -> None:
    found = event(
        {"event_type": spelling, "resource": "projects/p-one/topics/t", "timestamp": "2026-03-01T12:00:00Z"}
    )
    assert (found.source, found.event_type, found.project_id) == ("landing_zone", kind, "p-one")


def test_own_event_of_an_unknown_type_is_refused_with_those_known() -> None:
    reason = refused({"event_type": "resource.exploded", "timestamp": "2026-03-01T12:00:00Z"})
    assert "resource.exploded" in reason and "policy.violation" in reason


def test_the_test_message_of_the_guide_is_an_event() -> None:
    first, again = event({"test": "message"}, "m1"), event({"test": "message"}, "m1")
    assert (first.source, first.event_type, first.summary) == ("test", "test", "Test message: message")
    assert first.key == again.key, "delivered twice it is one"
    assert event({"test": "message"}, "m2").key != first.key, "published twice it is two"


# -- what does not fit ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"hello", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b'{"test": ', "not JSON"),
        (b"[1, 2]", "JSON list"),
        (b"null", "JSON NoneType"),
        (b"{}", "keys: none"),
        ({"foo": 1, "bar": 2}, "keys: bar, foo"),
        ({"event_type": "resource.created", "timestamp": "yesterday"}, "Expected a time"),
        ({"event_type": "resource.created", "timestamp": "2026-03-01T12:00:00"}, "has no zone"),
        ({"asset": [1]}, "format is not known"),
        ({"finding": {"state": "ACTIVE"}}, "has no name"),
    ],
)
def test_what_does_not_fit_says_why(body: Any, said: str) -> None:
    assert said in refused(body)


def test_envelopes_without_end_are_refused() -> None:
    body = orjson.dumps({"test": "x"})
    for _ in range(8):
        body = orjson.dumps({"message": {"data": base64.b64encode(body).decode()}, "subscription": "s"})
    assert "nested deeper" in refused(body)


def test_control_characters_do_not_reach_the_summary() -> None:
    found = event(
        {
            "event_type": "resource.created",
            "timestamp": "2026-03-01T12:00:00Z",
            "summary": "a\x00b\x1b[31m\nc",
        }
    )
    assert found.summary.isprintable()


KEYS = (
    *(
        "asset",
        "priorAsset",
        "name",
        "assetType",
        "window",
        "startTime",
        "protoPayload",
        "methodName",
        "finding",
    ),
    *(
        "data",
        "message",
        "event_type",
        "timestamp",
        "specversion",
        "type",
        "resource",
        "test",
        "status",
        "actor",
    ),
    *("iamPolicy", "bindings", "project", "project_id", "severity", "eventTime", "resourceName", "logName"),
)
VALUES = ("resource.created", "policy_violation", "2026-03-01T12:00:00Z", "ACTIVE", "", "//x/projects/p/y/z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(VALUES) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=6)
    ),
    max_leaves=16,
)
OWN = st.fixed_dictionaries(
    {"event_type": st.just("resource.created"), "timestamp": st.just("2026-03-01T12:00:00Z")},
    optional=dict.fromkeys(("resource", "project_id", "actor", "severity", "before", "summary"), JSON),
)


@settings(max_examples=300, deadline=None)
@given(JSON | OWN)
def test_whatever_comes_is_an_event_or_a_dead_letter(body: Any) -> None:
    found = normalise(message(body))
    if isinstance(found, Event):
        row = found.row(PUBLISHED)
        assert isinstance(row["summary"], str) and isinstance(row["event_time"], datetime)
        for column in ("project_id", "asset_name", "asset_type", "actor"):
            assert row[column] is None or isinstance(row[column], str), column
