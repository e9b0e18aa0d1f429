"""Content types that are off by default: OS_INVENTORY and RELATIONSHIP, from the API to what pages and rules read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.settings import Settings
from sync_jobs.layers.assets import scopes
from tests.fixtures.asset_api import AssetApi, Code
from tests.fixtures.exports import INSTANCE, ORG, fleet, instance, policy, portal, write
from tests.integration.test_assets_api import Sync

ALL = ["RESOURCE", "IAM_POLICY", "OS_INVENTORY", "RELATIONSHIP"]


def bare(name: str) -> dict[str, Any]:
    return {key: value for key, value in instance(name).items() if key != "resource"}


def inventory(name: str, version: str = "3.0.1", reported: str = "2026-03-01T10:00:00Z") -> dict[str, Any]:
    package = {"packageName": "openssl", "architecture": "x86_64", "version": version}
    newer = {**package, "version": "3.0.2"}
    return {
        **bare(name),
        "osInventory": {
            "name": "projects/1111/locations/z/instances/7/inventory",
            "updateTime": reported,
            "osInfo": {"shortName": "debian", "version": "12", "hostname": name},
            "items": {
                "b": {"id": "b", "type": "AVAILABLE_PACKAGE", "availablePackage": {"aptPackage": newer}},
                "a": {"id": "a", "type": "INSTALLED_PACKAGE", "installedPackage": {"aptPackage": package}},
            },
        },
    }


def related(name: str, *others: str) -> list[dict[str, Any]]:
    return [
        {
            **bare(name),
            "relatedAsset": {
                "asset": f"//compute.googleapis.com/projects/quartz-shop/zones/z/{other}",
                "assetType": "compute.googleapis.com/InstanceGroup",
                "relationshipType": "INSTANCE_TO_INSTANCEGROUP",
                "ancestors": ["projects/1111", ORG],
            },
        }
        for other in others
    ]


def groups(found: dict[str, Any]) -> list[str]:
    return [one["asset"].rpartition("/")[2] for one in found["related_assets"] or []]


@pytest.fixture
def sync(tmp_path: Path) -> Iterator[Sync]:
    api = AssetApi()
    with api.serving() as endpoint, portal(tmp_path / "home") as opened:
        made = Sync(tmp_path / "home", api, endpoint)
        made.portal = opened
        yield made


def test_they_are_off_unless_named() -> None:
    asked = scopes.streams(Settings(gcp_scope=ORG))
    assert {one.content for one in asked} == {"RESOURCE", "IAM_POLICY", "ORG_POLICY", "ACCESS_POLICY"}


def test_packages_and_related_assets_go_with_their_asset(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(3))
    sync.api.put(ORG, "IAM_POLICY", [policy("till-001")])
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001")])
    sync.api.put(ORG, "RELATIONSHIP", [*related("till-001", "green", "blue"), *related("till-002", "blue")])
    run = sync.run(asset_content_types=ALL)
    assert (run["status"], run["error_messages"]) == ("success", [])
    found = sync.portal.asset("till-001")
    assert found["os_inventory"]["osInfo"]["shortName"] == "debian"
    assert [one["id"] for one in found["os_inventory"]["items"]] == ["a", "b"], "a list, in order"
    assert found["os_inventory"]["items"][0]["installedPackage"]["aptPackage"]["version"] == "3.0.1"
    assert groups(found) == ["blue", "green"]
    assert found["related_assets"][0] == {
        "relationshipType": "INSTANCE_TO_INSTANCEGROUP",
        "asset": "//compute.googleapis.com/projects/quartz-shop/zones/z/blue",
        "assetType": "compute.googleapis.com/InstanceGroup",
    }
    assert found["resource"]["data"]["status"] == "RUNNING" and found["iam_policy"]["bindings"]
    assert groups(sync.portal.asset("till-002")) == ["blue"]
    assert sync.portal.asset("till-000")["related_assets"] is None
    assert len(sync.portal.names()) == 3


def test_a_new_report_is_no_change_and_a_new_package_is(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(2))
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001")])
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", "green", "blue"))
    sync.run(asset_content_types=ALL)
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001", reported="2026-03-01T11:00:00Z")])
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", "blue", "green", "blue"))
    assert sync.run(asset_content_types=ALL)["details"]["updated"] == 0
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001", version="3.0.2")])
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", "blue"))
    assert sync.run(asset_content_types=ALL)["details"]["updated"] == 1
    change = sync.portal.changes()["till-001", "updated"]
    assert change["changed_fields"] == ["os_inventory", "related_assets"]
    assert groups(sync.portal.asset("till-001")) == ["blue"]


def test_refused_ones_keep_what_was_known_and_say_what_they_need(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(2))
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001")])
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", "green", "blue"))
    sync.run(asset_content_types=ALL)
    sync.api.fail(ORG, "RELATIONSHIP", Code.PERMISSION_DENIED, "not subscribed")
    sync.api.fail(ORG, "OS_INVENTORY", Code.PERMISSION_DENIED, "no")
    run = sync.run(asset_content_types=ALL)
    assert (run["status"], run["missed"]) == ("partial", [f"{ORG} OS_INVENTORY", f"{ORG} RELATIONSHIP"])
    assert "Security Command Center" in run["hint"] and "PORTAL_ASSET_CONTENT_TYPES" in run["hint"]
    found = sync.portal.asset("till-001")
    assert groups(found) == ["blue", "green"] and found["os_inventory"]["items"]


def test_related_assets_that_came_before_a_refusal_join_those_known(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(2))
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", "green", "blue"))
    sync.run(asset_content_types=ALL)
    sync.api.put(ORG, "RELATIONSHIP", related("till-001", *(f"red-{n:02}" for n in range(15))))
    sync.api.fail(ORG, "RELATIONSHIP", Code.PERMISSION_DENIED, "no more", page=1)
    assert sync.run(asset_content_types=ALL)["status"] == "partial"
    assert groups(sync.portal.asset("till-001")) == ["blue", "green", *(f"red-{n:02}" for n in range(10))]


def test_switching_them_on_changes_nothing_of_the_other_assets(sync: Sync) -> None:
    sync.api.put(ORG, "RESOURCE", fleet(3))
    sync.api.put(ORG, "OS_INVENTORY", [inventory("till-001")])
    sync.run()
    before = {row["name"]: row["content_hash"] for row in sync.portal.ask("SELECT * FROM assets")}
    sync.run(asset_content_types=ALL)
    after = {row["name"]: row["content_hash"] for row in sync.portal.ask("SELECT * FROM assets")}
    assert [name.rpartition("/")[2] for name in before if before[name] != after[name]] == ["till-001"]


def test_a_state_that_an_earlier_version_wrote_is_read_and_goes_on(sync: Sync) -> None:
    """Its files lack both columns; its hashes are those of today."""
    sync.api.put(ORG, "RESOURCE", fleet(3))
    sync.run()
    for file in (sync.portal.home / "cache" / "assets").glob("*.parquet"):
        older = file.with_suffix(".older")
        duckdb.sql(
            f"COPY (SELECT * EXCLUDE (os_inventory, related_assets) FROM '{file}') TO '{older}' (FORMAT parquet)"
        )
        older.replace(file)
    assert sync.portal.asset("till-001")["os_inventory"] is None
    again = sync.run()
    assert [again["details"][kind] for kind in ("created", "updated", "deleted")] == [0, 0, 0]
    sync.api.put(ORG, "RESOURCE", fleet(2))
    assert sync.run()["details"]["deleted"] == 1
    assert sync.portal.names() == ["till-000", "till-001"]


def test_export_files_hold_them_too_in_both_spellings(tmp_path: Path) -> None:
    older = {
        "name": bare("till-001")["name"],
        "asset_type": INSTANCE,
        "os_inventory": {
            "os_info": {"short_name": "debian"},
            "items": [{"key": "a", "value": {"id": "a", "installed_package": {"apt_package": {"package_name": "x"}}}}],
        },
    }  # fmt: skip
    other = {
        "name": bare("till-001")["name"],
        "asset_type": INSTANCE,
        "related_asset": {"asset": "//x/group", "asset_type": "x/Group", "relationship_type": "A_TO_B"},
    }
    with portal(tmp_path / "home") as opened:
        opened.bring(write(tmp_path / "a.json", [instance("till-001"), older, other]), at="2026-03-02T00:00:00+00:00")  # fmt: skip
        found = opened.asset("till-001")
    assert found["os_inventory"]["osInfo"] == {"shortName": "debian"}
    assert found["os_inventory"]["items"] == [{"id": "a", "installedPackage": {"aptPackage": {"packageName": "x"}}}]  # fmt: skip
    assert found["related_assets"] == [{"relationshipType": "A_TO_B", "asset": "//x/group", "assetType": "x/Group"}]  # fmt: skip


def test_the_end_of_a_relationship_is_not_the_end_of_the_asset(tmp_path: Path) -> None:
    ended = {
        "asset": related("till-001", "blue")[0],
        "deleted": True,
        "window": {"startTime": "2026-03-03T00:00:00Z"},
    }
    stopped = {
        "asset": instance("till-000", status="STOPPED"),
        "window": {"startTime": "2026-03-03T00:00:00Z"},
    }
    with portal(tmp_path / "home") as opened:
        opened.bring(write(tmp_path / "a.json", fleet(2)), at="2026-03-02T00:00:00+00:00")
        opened.bring(write(tmp_path / "b.json", [ended, stopped]), at="2026-03-04T00:00:00+00:00")
        assert opened.names() == ["till-000", "till-001"]
        assert opened.asset("till-000")["state"] == "STOPPED"
