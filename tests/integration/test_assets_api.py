"""The API sync, from the real client over loopback gRPC to the tables that pages read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings
from sync_jobs.layers.assets.api_pace import Patience
from sync_jobs.layers.assets.layer import LAYER
from sync_jobs.runner import Runner
from sync_jobs.store.cache import Cache
from tests.fixtures.asset_api import AssetApi, Code
from tests.fixtures.exports import FOLDER, ORG, Portal, fleet, instance, policy, portal

QUICK = Patience(first=0.01, longest=0.05, budget=0.5)
SHOP, BANK = "projects/quartz-shop", "projects/quartz-bank"
BOTH = f"{SHOP}, {BANK}"
CONTENT = ["RESOURCE", "IAM_POLICY"]


def bank(count: int) -> list[dict[str, Any]]:
    return [instance(f"vault-{i:03}", "quartz-bank", "2222") for i in range(count)]


class Sync:
    """One home and the API it reads."""

    def __init__(self, home: Path, api: AssetApi, endpoint: str) -> None:
        self.api, self.endpoint, self._home = api, endpoint, home
        self.portal = Portal(home)

    def run(self, scope: str = ORG, **settings: Any) -> dict[str, Any]:
        given = {"asset_content_types": CONTENT, "asset_page_size": 10, **settings}
        made = Settings(home=self._home, gcp_scope=scope, asset_endpoint=self.endpoint, **given)
        # Without the layers that follow: what they make of the assets is theirs to test.
        runner = Runner(made, Cache(self._home), {"assets": LAYER}, backoff=())
        return runner.run("assets", "cli", {"patience": QUICK})

    def missed(self) -> list[tuple[str, str]]:
        rows = json.loads(self.portal.manifest().info["assets_missed"])
        return [(row["scope"], row["content"]) for row in rows]


@pytest.fixture
def sync(tmp_path: Path) -> Iterator[Sync]:
    api = AssetApi()
    with api.serving() as endpoint, portal(tmp_path / "home") as opened:
        made = Sync(tmp_path / "home", api, endpoint)
        made.portal = opened
        yield made


def test_all_pages_of_all_content_types_at_one_read_time(sync: Sync) -> None:
    rules = [{"constraint": "constraints/compute.x", "booleanPolicy": {"enforced": True}}]
    bare = {
        "name": "//cloudresourcemanager.googleapis.com/projects/1111",
        "ancestors": ["projects/1111", ORG],
    }
    owner = {**bare, "assetType": "cloudresourcemanager.googleapis.com/Project"}
    sync.api.put(ORG, "RESOURCE", fleet(35))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-003", auditConfigs=[
        {"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]}])])  # fmt: skip
    sync.api.put(ORG, "ORG_POLICY", [{**owner, "orgPolicy": rules}])
    run = sync.run(asset_content_types=["RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY"])
    assert (run["status"], run["error_messages"], run["missed"]) == ("success", [], [])
    assert len(sync.portal.names()) == 36
    found = sync.portal.asset("till-003")
    assert found["resource"]["data"] == {"name": "till-003", "status": "RUNNING", "labels": {"team": "till"}}
    assert found["iam_policy"]["bindings"][0]["members"] == ["user:ada@example.com"]
    assert found["iam_policy"]["auditConfigs"][0]["auditLogConfigs"][0]["logType"] == "DATA_READ"
    assert found["ancestors"] == ["projects/1111", FOLDER, ORG]
    assert sync.portal.asset("1111")["org_policy"] == [
        {"constraint": "constraints/compute.x", "booleanPolicy": {"enforced": True}}
    ]
    times = {call.read_time for call in sync.api.calls}
    assert len(times) == 1
    assert sync.portal.manifest().info["assets_as_of"] == next(iter(times)).isoformat()
    assert {content for _, content in sync.api.asked()} == {
        "RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY"
    }  # fmt: skip
    assert sync.portal.ask("SELECT COUNT(*) AS n FROM asset_changes")[0]["n"] == 0


def test_the_same_state_again_changes_nothing_and_a_difference_is_a_change(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(5))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-001")])
    assert sync.run()["details"]["created"] == 0
    again = sync.run()
    assert [again["details"][kind] for kind in ("created", "updated", "deleted")] == [0, 0, 0]
    sync.api.put(ORG, "RESOURCE", [*fleet(3), instance("till-900"), instance("till-004", status="STOPPED")])
    sync.api.put(ORG, "IAM_POLICY", [])
    run = sync.run()
    kinds = sorted(sync.portal.changes())
    assert kinds == [("till-001", "updated"), ("till-003", "deleted"), ("till-004", "updated"), ("till-900", "created")]  # fmt: skip
    assert run["status"] == "success"
    assert sync.portal.asset("till-001")["iam_policy"] is None, (
        "read as a whole, and it is not there any more"
    )
    assert sync.portal.ask("SELECT DISTINCT source FROM asset_changes") == [{"source": "api"}]


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        (Code.PERMISSION_DENIED, "no access", f"roles/cloudasset.viewer on {BANK} to"),
        (Code.NOT_FOUND, "gone", "PORTAL_GCP_SCOPE"),
        (
            Code.PERMISSION_DENIED,
            "Cloud Asset API has not been used in project 7",
            "services enable cloudasset",
        ),
        (Code.UNAVAILABLE, "away", "next run"),
        (Code.RESOURCE_EXHAUSTED, "quota", "PORTAL_ASSET_REQUESTS_PER_MINUTE"),
    ],
)
def test_a_scope_that_cannot_be_read_keeps_its_assets(sync: Sync, code: Any, text: str, said: str) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(3))
    sync.api.put(BANK, "RESOURCE", bank(3))
    sync.api.put(BANK, "IAM_POLICY", [])
    assert sync.run(BOTH)["status"] == "success"
    for content in CONTENT:
        sync.api.fail(BANK, content, code, text)
    sync.api.put(SHOP, "RESOURCE", fleet(2))
    run = sync.run(BOTH)
    assert run["status"] == "partial"
    assert run["missed"] == [f"{BANK} RESOURCE", f"{BANK} IAM_POLICY"]
    assert text in run["error_messages"][0]
    assert said in run["hint"]
    assert sync.portal.names() == ["till-000", "till-001", "vault-000", "vault-001", "vault-002"]
    assert sync.missed() == [(BANK, "RESOURCE"), (BANK, "IAM_POLICY")]
    sync.api.heal()
    sync.api.put(BANK, "RESOURCE", bank(1))
    assert sync.run(BOTH)["status"] == "success"
    assert sync.portal.names() == ["till-000", "till-001", "vault-000"]
    assert sync.missed() == []


def test_policies_that_could_not_be_read_stay_and_resources_go_on(sync: Sync) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(3))
    sync.api.put(SHOP, "IAM_POLICY", [policy("till-000"), policy("till-001")])
    sync.api.put(BANK, "RESOURCE", bank(1))
    sync.run(BOTH)
    sync.api.fail(SHOP, "IAM_POLICY", Code.PERMISSION_DENIED, "no")
    sync.api.put(SHOP, "RESOURCE", [instance("till-000", status="STOPPED"), instance("till-002")])
    run = sync.run(BOTH)
    assert run["missed"] == [f"{SHOP} IAM_POLICY"]
    assert sync.portal.names() == ["till-000", "till-002", "vault-000"]
    kept = sync.portal.asset("till-000")
    assert kept["iam_policy"]["bindings"] and kept["state"] == "STOPPED"


def test_resources_that_could_not_be_read_stay_under_new_policies(sync: Sync) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(2))
    sync.api.put(SHOP, "IAM_POLICY", [policy("till-000")])
    sync.run(SHOP)
    sync.api.fail(SHOP, "RESOURCE", Code.PERMISSION_DENIED, "no")
    sync.api.put(SHOP, "IAM_POLICY", [policy("till-000", "user:eve@example.com")])
    assert sync.run(SHOP)["status"] == "partial"
    found = sync.portal.asset("till-000")
    assert found["resource"]["data"]["status"] == "RUNNING"
    assert found["labels"] == {"team": "till"} and found["state"] == "RUNNING"
    assert found["iam_policy"]["bindings"][0]["members"] == ["user:eve@example.com"]
    assert sync.portal.names() == ["till-000", "till-001"]


def test_what_came_before_a_refusal_counts_and_the_rest_stays(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(30))
    sync.run()
    sync.api.put(ORG, "RESOURCE", [instance(f"till-{i:03}", status="STOPPED") for i in range(30)])
    sync.api.fail(ORG, "RESOURCE", Code.PERMISSION_DENIED, "no more", page=1)
    assert sync.run()["status"] == "partial"
    assert len(sync.portal.names()) == 30
    assert sync.portal.asset("till-000")["state"] == "STOPPED"
    assert sync.portal.asset("till-020")["state"] == "RUNNING"


@pytest.mark.parametrize(
    "code", [Code.RESOURCE_EXHAUSTED, Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.INTERNAL]
)
def test_trouble_that_passes_is_waited_out(sync: Sync, code: Any) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(25))
    sync.api.fail(ORG, "RESOURCE", code, "busy", times=2, page=1)
    run = sync.run()
    assert (run["status"], len(sync.portal.names())) == ("success", 25)
    assert run["details"]["api"]["waited_seconds"] > 0


def test_the_pause_that_the_api_asks_for_is_kept(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(2))
    sync.api.fail(ORG, "RESOURCE", Code.RESOURCE_EXHAUSTED, "quota", times=1, retry_after=0.3)
    run = sync.run()
    assert run["status"] == "success"
    assert run["details"]["api"]["waited_seconds"] >= 0.3


def test_an_expired_token_starts_that_stream_again_and_no_other(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(35))
    sync.api.put(ORG, "IAM_POLICY", [policy(f"till-{i:03}") for i in range(35)])
    sync.api.expire[ORG, "RESOURCE"] = 1
    run = sync.run()
    assert (run["status"], len(sync.portal.names())) == ("success", 35)
    assert run["details"]["api"]["restarts"] == {f"{ORG} RESOURCE": 1}
    first = [call for call in sync.api.calls if not call.page_token]
    assert sorted(call.content_type.name for call in first) == ["IAM_POLICY", "RESOURCE", "RESOURCE"]
    assert len({call.read_time for call in sync.api.calls}) == 1


def test_tokens_that_never_work_or_never_end_are_given_up(sync: Sync) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(25))
    sync.api.put(BANK, "RESOURCE", bank(25))
    sync.api.put(SHOP, "IAM_POLICY", [policy("till-000")])
    sync.api.expire[SHOP, "RESOURCE"] = 100
    sync.api.repeat.add((BANK, "RESOURCE"))
    run = sync.run(BOTH)
    assert run["status"] == "partial"
    assert run["missed"] == [f"{SHOP} RESOURCE", f"{BANK} RESOURCE"]
    assert len(sync.api.calls) < 30


def test_an_empty_answer_is_no_reason_to_remove_anything(sync: Sync) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(2))
    sync.api.put(BANK, "RESOURCE", bank(2))
    sync.run(BOTH)
    sync.api.put(BANK, "RESOURCE", [])
    run = sync.run(BOTH)
    assert run["status"] == "partial"
    assert "no asset at all" in run["error_messages"][0]
    assert len(sync.portal.names()) == 4


def test_nothing_seen_is_a_failed_run_and_the_state_stands(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(2))
    sync.run()
    before = sync.portal.manifest()
    for content in CONTENT:
        sync.api.fail(ORG, content, Code.PERMISSION_DENIED, "no")
    run = sync.run()
    assert run["status"] == "failed"
    assert "Nothing could be read" in run["error_messages"][0]
    assert sync.portal.manifest() == before


def test_only_the_asset_types_asked_for_are_read_and_can_go(sync: Sync) -> None:
    disk = {**instance("disk-1"), "assetType": "compute.googleapis.com/Disk"}
    sync.api.put(ORG, "RESOURCE", [*fleet(2), disk])
    sync.run()
    sync.api.put(ORG, "RESOURCE", fleet(1))
    run = sync.run(asset_types=["compute.googleapis.com/Instance"])
    assert run["status"] == "success"
    assert sync.portal.names() == ["disk-1", "till-000"]
    assert list(sync.api.calls[-1].asset_types) == ["compute.googleapis.com/Instance"]


def test_a_scope_seen_for_the_first_time_is_a_baseline(sync: Sync) -> None:
    sync.api.put(SHOP, "RESOURCE", fleet(2))
    sync.api.put(BANK, "RESOURCE", bank(2))
    sync.run(SHOP)
    run = sync.run(BOTH)
    assert run["details"]["created"] == 0
    assert len(sync.portal.names()) == 4


def test_an_asset_without_a_type_is_kept_aside_and_nothing_goes(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(3))
    sync.run()
    sync.api.put(ORG, "RESOURCE", [*fleet(1), {"name": "//x.test/odd"}])
    run = sync.run()
    assert (run["status"], run["items_failed"]) == ("partial", 1)
    assert len(sync.portal.names()) == 3
    assert "assetType" in sync.portal.dead_letters()[0]["reason"]


def test_calls_are_spaced_when_a_quota_is_set(sync: Sync) -> None:
    import time

    sync.api.put(ORG, "RESOURCE", fleet(30))
    began = time.monotonic()
    sync.run(asset_requests_per_minute=600)
    assert time.monotonic() - began >= 0.1 * (len(sync.api.calls) - 1)


def test_doctor_asks_each_scope(sync: Sync) -> None:
    from sync_jobs import doctor

    sync.api.put(SHOP, "RESOURCE", fleet(1))
    sync.api.fail(BANK, "RESOURCE", Code.PERMISSION_DENIED, "no")
    settings = Settings(home=sync.portal.home, gcp_scope=BOTH, asset_endpoint=sync.endpoint)
    found = [(check.status, check.mend) for check in doctor.CHECKS["assets"](settings)]
    assert [status for status, _ in found] == ["ok", "fail"]
    assert f"roles/cloudasset.viewer on {BANK}" in found[1][1]


@pytest.mark.parametrize("what", ["a slow answer", "a used-up quota"])
def test_a_run_that_is_told_to_stop_does_so_at_once(sync: Sync, what: str) -> None:
    import time

    sync.api.put(ORG, "RESOURCE", fleet(30))
    if what == "a slow answer":
        sync.api.page_delay = 6.0
    else:
        sync.api.fail(ORG, "RESOURCE", Code.RESOURCE_EXHAUSTED, "quota", retry_after=60.0)
    made = Settings(
        home=sync.portal.home, gcp_scope=ORG, asset_endpoint=sync.endpoint, asset_content_types=["RESOURCE"]
    )
    runner = Runner(made, Cache(sync.portal.home), {"assets": LAYER}, backoff=())
    began = time.monotonic()
    started = runner.start("assets", "cli")
    while not sync.api.calls:
        time.sleep(0.05)
    runner.stop("test")
    row = runner.finish(started)
    assert time.monotonic() - began < 4
    assert not runner.abandoned
    assert (row["status"], sync.portal.manifest().generation) == ("failed", 0)
    assert "Interrupted" in row["error_messages"][0]
