"""Rules, findings, figures of two days and waivers for the Compliance page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.pages.conftest import World

BUCKET = "storage.googleapis.com/Bucket"
HOSTILE = "//storage.googleapis.com/x'; $(id) <b>big</b> [a](https://evil.test)"
OPEN = "//storage.googleapis.com/shop-open"
CIS = json.dumps({"cis_gcp": {"3.0": ["5.1"], "4.0": ["5.1"], "5.0": ["5.1"]}})


def rule(world: World, policy_id: str, severity: str = "critical", **more: Any) -> None:
    world.add(
        "policies",
        **{
            "policy_id": policy_id, "rule_id": policy_id, "title": f"Rule {policy_id}", "service": "storage",
            "severity": severity, "asset_types": [BUCKET], "enabled": True, "source": "portal", "path": f"p/{policy_id}.sql",
            "passed": 0, "failed": 0, "waived": 0, "unknown": 0, "run_id": "r", **more,
        },
    )  # fmt: skip


def finding(
    world: World, policy_id: str, name: str, severity: str = "critical", status: str = "fail", **more: Any
) -> None:
    from tests.pages.conftest import NOW

    world.add(
        "violations",
        **{
            "policy_id": policy_id, "asset_name": name, "asset_type": BUCKET, "project_id": "shop-prod", "folder": "folders/11",
            "severity": severity, "status": status, "reason": "Open to <b>allUsers</b>.", "first_seen": NOW - timedelta(days=3),
            "last_seen": NOW, "reopened": 0, "run_id": "r", **more,
        },
    )  # fmt: skip


def day(
    world: World, ago: int, score: float | None, dimension: str = "all", item: str = "", **more: Any
) -> None:
    from tests.pages.conftest import TODAY

    world.add(
        "compliance_daily",
        **{
            "date": TODAY - timedelta(days=ago), "dimension": dimension, "item": item, "severity": "all", "passed": 3,
            "failed": 1, "waived": 1, "unknown": 1, "score": score, "run_id": "r", **more,
        },
    )  # fmt: skip


def fill(world: World) -> None:
    """Four findings of three rules: open, waived, unknown, resolved; a broken rule; waivers."""
    from tests.pages.conftest import NOW, TODAY

    remedy = json.dumps({
        "text": "Take the binding out.",
        "gcloud": "gcloud storage buckets remove-iam-policy-binding gs://{display_name} --member=allUsers",
        "terraform": 'resource "google_storage_bucket_iam_member" "{display_name}" {}',
    })  # fmt: skip
    rule(
        world, "bucket_shut", passed=3, failed=2, waived=1, frameworks=CIS, remediation=remedy,
        rationale="Whoever has the address has the data.", covers="Not signed links.",
    )  # fmt: skip
    rule(world, "bucket_named", "low", unknown=1, passed=1)
    rule(world, "ours", "low", enabled=False, source="landing_zone", error="ours.sql: it reads sync_runs.",
         passed=None, failed=None, waived=None, unknown=None)  # fmt: skip
    finding(world, "bucket_shut", OPEN, evidence='{"members": ["allUsers"]}')
    finding(world, "bucket_shut", HOSTILE, doubt="The IAM policy was not collected.")
    until = {
        "waived_until": NOW + timedelta(days=9),
        "waived_by": "ada@lz.test",
        "waived_for": "A public site",
    }
    finding(world, "bucket_shut", "//storage.googleapis.com/site", **until)
    finding(world, "bucket_named", "//storage.googleapis.com/fog", "low", "unknown", reason="Not collected.")
    finding(
        world, "bucket_named", "//storage.googleapis.com/old", "low", resolved_at=NOW, resolution="passed"
    )
    for dimension, item in (("all", ""), ("project", "shop-prod"), ("folder", "folders/11")):
        day(world, 8, 0.9, dimension, item)
        day(world, 0, 0.75, dimension, item)
        day(world, 0, 0.6, dimension, item, severity="critical")
    day(world, 8, 0.9, "policy", "bucket_shut")
    day(world, 0, 0.6, "policy", "bucket_shut")
    for number, days in enumerate((-2, 5, 90)):
        world.add(
            "waivers", waiver_id=f"w{number}", policy_id="bucket_shut", asset="*site", reason="A public site",
            owner="ada@lz.test", expires_on=TODAY + timedelta(days=days), findings=1, run_id="r",
        )  # fmt: skip
