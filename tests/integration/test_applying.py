"""Feed messages on top of the inventory: assets, changes, findings and their events, and the snapshot that follows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync_jobs import runner
from sync_jobs.applying.follow import Follower
from sync_jobs.store.cache import Cache
from tests.fixtures import exports
from tests.fixtures.exports import FOLDER, ORG, Portal

BUCKET = "storage.googleapis.com/Bucket"
NAME = "//storage.googleapis.com/till-receipts"
PUBLIC = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
CLOSED = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["group:till@example.com"]}]}
RULE = "bucket_public_by_iam"


def bucket(name: str = NAME, **content: Any) -> dict[str, Any]:
    return {"name": name, "assetType": BUCKET, "ancestors": ["projects/1111", FOLDER, ORG], **content}


def resource(name: str = NAME, **data: Any) -> dict[str, Any]:
    short = name.rpartition("/")[2]
    return {
        "resource": {
            "version": "v1",
            "location": "eu",
            "data": {"name": short, "projectNumber": "1111", **data},
        }
    }


def project() -> dict[str, Any]:
    data = {"projectId": "quartz-shop", "projectNumber": "1111", "lifecycleState": "ACTIVE"}
    return {"name": "//cloudresourcemanager.googleapis.com/projects/1111", "iamPolicy": {"bindings": []},
            "assetType": "cloudresourcemanager.googleapis.com/Project", "ancestors": ["projects/1111", FOLDER, ORG],
            "resource": {"version": "v1", "data": data}}  # fmt: skip


class Streamed(Portal):
    """A home whose stream is files of messages; the follower is stepped by hand."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.cache = Cache(home)
        self.follower = Follower(self.settings, self.cache)
        self.sent = 0

    def snapshot(self, *assets: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
        """All there is, brought as a file."""
        path = exports.write(self.home.with_name("in.ndjson"), [*assets, project()])
        return self.bring(path, scope=ORG, at=at.isoformat() if at else None)

    def rules(self) -> None:
        assert runner.run("policies", "cli", settings=self.settings)["status"] == "success"

    def publish(self, *bodies: Any) -> None:
        """Messages, stored as events."""
        lines = []
        for body in bodies:
            self.sent += 1
            lines.append({"messageId": str(self.sent), "data": _base64(body), "publishTime": _stamp(now())})
        path = exports.write(self.home.with_name(f"messages-{self.sent}.ndjson"), lines)
        runner.run("events", "cli", {"paths": [path]}, self.settings)

    def follow(self) -> None:
        while self.follower.step():
            pass

    def tell(self, *bodies: Any) -> None:
        self.publish(*bodies)
        self.follow()

    def asset(self, name: str = NAME) -> dict[str, Any] | None:
        rows = self.ask("SELECT * FROM assets WHERE name = @name", name=name)
        return rows[0] if rows else None

    def changes(self) -> list[tuple[str, list[str], str]]:
        rows = self.ask("SELECT change_type, changed_fields, source FROM asset_changes ORDER BY changed_at")
        return [(row["change_type"], row["changed_fields"], row["source"]) for row in rows]

    def finding(self, name: str = NAME) -> dict[str, Any] | None:
        rows = self.ask("SELECT * FROM violations WHERE policy_id = @r AND asset_name = @n", r=RULE, n=name)
        return rows[0] if rows else None

    def violations(self) -> list[dict[str, Any]]:
        return self.ask("SELECT * FROM events WHERE event_type = 'policy.violation' ORDER BY seq")


def now() -> datetime:
    return datetime.now(UTC)


def _stamp(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _base64(body: Any) -> str:
    import base64

    return base64.b64encode(json.dumps(body).encode()).decode()


def feed(asset: dict[str, Any], at: datetime | None = None, **more: Any) -> dict[str, Any]:
    return {"asset": asset, "window": {"startTime": _stamp(at or now())}, **more}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Streamed]:
    made = Streamed(tmp_path / "home")
    made.snapshot(bucket(**resource(), iamPolicy=CLOSED), at=now() - timedelta(hours=1))
    yield made
    made.follower.close()
    made.engine.close()


def test_a_bucket_made_public_is_a_change_a_finding_and_an_event(portal: Streamed) -> None:
    portal.rules()
    assert portal.finding() is None
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]
    assert json.loads(asset["resource"])["data"]["name"] == "till-receipts", "the resource is not lost"
    assert (asset["project_id"], asset["display_name"], asset["location"]) == (
        "quartz-shop",
        "till-receipts",
        "eu",
    )
    assert portal.changes() == [("updated", ["iam_policy"], "feed")]
    finding = portal.finding()
    assert finding is not None
    assert (finding["status"], finding["resolved_at"], finding["project_id"]) == ("fail", None, "quartz-shop")
    (event,) = portal.violations()
    assert (event["asset_name"], event["severity"], event["source"]) == (NAME, finding["severity"], "rules")
    assert "allUsers" in event["summary"]


def test_closed_again_resolves_it_and_open_once_more_reopens_it(portal: Streamed) -> None:
    portal.rules()
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    portal.tell(feed(bucket(iamPolicy=CLOSED)))
    finding = portal.finding()
    assert finding is not None
    assert (finding["resolution"], finding["resolved_at"] is not None) == ("passed", True)
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    finding = portal.finding()
    assert finding is not None
    assert (finding["resolved_at"], finding["reopened"]) == (None, 1)
    assert len(portal.violations()) == 2


def test_the_rules_wait_for_their_first_run(portal: Streamed) -> None:
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    assert portal.asset() is not None
    assert portal.finding() is None
    assert portal.violations() == []
    portal.rules()
    assert portal.finding() is not None, "a run over everything sees what the stream changed"


def test_older_news_never_overwrite_newer(portal: Streamed) -> None:
    at = now()
    portal.tell(feed(bucket(iamPolicy=PUBLIC), at))
    portal.tell(feed(bucket(iamPolicy=CLOSED), at - timedelta(seconds=30)))
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]
    portal.tell(feed(bucket(iamPolicy=CLOSED), at - timedelta(hours=2)))
    assert portal.changes() == [("updated", ["iam_policy"], "feed")]


def test_late_news_of_another_kind_of_content_count(portal: Streamed) -> None:
    at = now()
    portal.tell(feed(bucket(iamPolicy=PUBLIC), at))
    portal.tell(feed(bucket(**resource(labels={"team": "till"})), at - timedelta(seconds=20)))
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]
    assert json.loads(asset["labels"]) == {"team": "till"}


def test_deleted_and_made_again(portal: Streamed) -> None:
    portal.rules()
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    before = portal.asset()
    portal.tell({"priorAsset": bucket(**resource()), "deleted": True, "window": {"startTime": _stamp(now())}})
    assert portal.asset() is None
    finding = portal.finding()
    assert finding is not None
    assert finding["resolution"] == "asset deleted"
    portal.tell(feed(bucket(**resource()), now() - timedelta(minutes=5)))
    assert portal.asset() is None, "news of before its end do not bring it back"
    portal.tell(feed(bucket(**resource(), iamPolicy=CLOSED)))
    again = portal.asset()
    assert again is not None
    assert before is not None
    assert again["first_seen"] > before["first_seen"]
    assert [kind for kind, _, _ in portal.changes()] == ["updated", "deleted", "created"]


def test_told_twice_is_told_once(portal: Streamed) -> None:
    portal.rules()
    body = feed(bucket(iamPolicy=PUBLIC))
    portal.tell(body, body)
    portal.tell(body)
    portal.cache.state.set_info("events_applied", "-1:-1")  # as if it had been cut off
    portal.follow()
    assert len(portal.changes()) == 1
    assert len(portal.violations()) == 1


def test_what_is_no_asset_is_a_dead_letter_and_the_others_count(portal: Streamed) -> None:
    odd = feed({**bucket(f"{NAME}-2", iamPolicy=PUBLIC), "ancestors": {"no": "list"}})
    portal.tell(feed(bucket(iamPolicy=PUBLIC)), odd, feed(bucket(f"{NAME}-3", **resource(f"{NAME}-3"))))
    assert portal.asset(f"{NAME}-3") is not None
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]
    dead = portal.ask("SELECT * FROM dead_letters")
    assert len(dead) == 1
    assert "its asset is not as an asset is" in dead[0]["reason"]
    assert portal.asset(f"{NAME}-2") is None


def test_the_next_snapshot_tells_what_the_stream_missed(portal: Streamed) -> None:
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    missed = f"{NAME}-missed"
    run = portal.snapshot(bucket(**resource(), iamPolicy=PUBLIC), bucket(missed, **resource(missed)))
    assert run["status"] == "success"
    assert (run["details"]["told_by_events"], run["details"]["missed_by_events"]) == (1, 1)
    assert portal.changes() == [("updated", ["iam_policy"], "feed"), ("created", [], "import")]
    assert portal.cache.state.rows("SELECT count(*) AS n FROM assets_updates")[0]["n"] == 0
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]


def test_a_snapshot_of_before_does_not_undo_what_came_after(portal: Streamed) -> None:
    portal.tell(feed(bucket(iamPolicy=PUBLIC)))
    other = f"{NAME}-other"
    portal.snapshot(
        bucket(**resource(labels={"a": "b"}), iamPolicy=CLOSED),
        bucket(other, **resource(other)),
        at=now() - timedelta(minutes=10),
    )
    portal.follow()
    asset = portal.asset()
    assert asset is not None
    assert "allUsers" in asset["iam_policy"]
    assert json.loads(asset["labels"]) == {"a": "b"}
    kinds = [kind for kind, _, _ in portal.changes()]
    assert sorted(kinds) == ["created", "updated", "updated"]


def test_assets_and_events_that_are_not_of_feeds_are_passed_by(portal: Streamed) -> None:
    portal.tell(
        {"test": "message"}, {"event_type": "resource.created", "resource": NAME, "timestamp": _stamp(now())}
    )
    assert portal.changes() == []
    assert portal.cache.state.rows("SELECT count(*) AS n FROM assets_updates")[0]["n"] == 0
    assert portal.follower.step() == 0, "they are not looked at again"
