"""The policies layer on imported assets: findings, waivers, figures of the day, settings, the landing zone's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import SettingsError
from sync_jobs import runner
from sync_jobs.layers.policies.layer import LAYER
from sync_jobs.store.cache import Cache
from tests.fixtures import exports
from tests.fixtures.exports import FOLDER, ORG, Portal

BUCKET = "storage.googleapis.com/Bucket"
TODAY = datetime.now(UTC).date()
MINE = """/*
id: bucket_named_well
title: Buckets are named well
severity: critical
asset_types: [storage.googleapis.com/Bucket]
*/
SELECT name AS asset_name, IF(ENDS_WITH(name, '-shop'), 'pass', 'fail') AS status, 'By its name.' AS reason,
  TO_JSON(name) AS evidence
FROM assets WHERE STARTS_WITH(asset_type, 'storage.')
"""


def bucket(name: str, project: str = "quartz-shop", number: str = "1111", **data: Any) -> dict[str, Any]:
    return {
        "name": f"//storage.googleapis.com/{name}",
        "assetType": BUCKET,
        "ancestors": [f"projects/{number}", FOLDER, ORG],
        "resource": {
            "version": "v1",
            "parent": f"//cloudresourcemanager.googleapis.com/projects/{number}",
            "data": {"name": name, "projectNumber": number, **data},
        },
    }


def versioned(name: str, on: bool = True, **more: Any) -> dict[str, Any]:
    return bucket(name, versioning={"enabled": on}, **more)


class Checked(Portal):
    """A home whose rules are run after each import."""

    def check(self, *assets: dict[str, Any]) -> dict[str, Any]:
        """Import these assets as all there are, run the rules, and return the row of sync_runs."""
        self.bring(exports.write(self.home.with_name("in.ndjson"), [*assets, root()]), scope=ORG)
        return self.run()

    def run(self) -> dict[str, Any]:
        return runner.run("policies", "cli", settings=self.settings)

    def findings(self, rule: str = "bucket_versioning") -> dict[str, dict[str, Any]]:
        """The findings of a rule by the last part of the asset's name."""
        rows = self.ask("SELECT * FROM violations WHERE policy_id = @rule", rule=rule)
        return {row["asset_name"].rpartition("/")[2]: row for row in rows}

    def day(self, dimension: str, item: str = "", severity: str = "all") -> dict[str, Any]:
        (row,) = self.ask(
            "SELECT * FROM compliance_daily WHERE dimension = @d AND item = @i AND severity = @s",
            d=dimension, i=item, s=severity,
        )  # fmt: skip
        return row


def root() -> dict[str, Any]:
    name = f"//cloudresourcemanager.googleapis.com/{ORG}"
    return {"name": name, "assetType": "cloudresourcemanager.googleapis.com/Organization", "ancestors": [ORG],
            "resource": {"version": "v1", "data": {"name": ORG, "displayName": "quartz.example"}}}  # fmt: skip


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checked]:
    monkeypatch.setenv("PORTAL_CONFIG", str(tmp_path / "config" / "portal.toml"))
    (tmp_path / "config").mkdir()
    made = Checked(tmp_path / "home", git_publish_root=tmp_path / "published")
    yield made
    made.engine.close()


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "config" / "policies.toml").write_text(text, encoding="utf-8")


def test_findings_come_and_go_with_the_assets(portal: Checked) -> None:
    row = portal.check(versioned("till"), versioned("wine", on=False), versioned("oak", on=False))
    assert row["status"] == "success"
    assert {name: one["status"] for name, one in portal.findings().items()} == {"wine": "fail", "oak": "fail"}
    portal.check(versioned("till", on=False), versioned("wine"))
    found = portal.findings()
    assert (found["till"]["resolved_at"], found["wine"]["resolution"], found["oak"]["resolution"]) == (
        None, "passed", "asset deleted",
    )  # fmt: skip
    assert found["wine"]["first_seen"] < found["till"]["first_seen"]


def test_an_asset_whose_resource_is_gone_keeps_its_finding_open(portal: Checked) -> None:
    portal.check(versioned("wine", on=False))
    bare = {key: value for key, value in bucket("wine").items() if key != "resource"}
    portal.check({**bare, "iamPolicy": {"bindings": []}}, versioned("oak"))
    wine = portal.findings()["wine"]
    assert (wine["status"], wine["resolved_at"]) == ("fail", None)


def test_counts_and_score_of_the_day(portal: Checked) -> None:
    other = {"project": "quartz-bar", "number": "2222"}
    machine = exports.instance("till-1", "quartz-bar", "2222")
    machine["ancestors"] = ["projects/2222", "folders/77", ORG]
    oak = bucket("oak", **other, versioning={"enabled": True})
    portal.check(versioned("till"), versioned("wine", on=False), oak, machine)
    rule = portal.day("policy", "bucket_versioning")
    assert (rule["passed"], rule["failed"], rule["unknown"]) == (2, 1, 0)
    assert rule["score"] == pytest.approx(2 / 3)
    of_all = portal.ask(
        "SELECT SUM(passed) AS p, SUM(failed) AS f FROM compliance_daily WHERE dimension = 'policy' AND severity = 'all'"
    )[0]
    assert (portal.day("all")["passed"], portal.day("all")["failed"]) == (of_all["p"], of_all["f"])
    weighed = portal.ask(
        "SELECT SUM(passed * w) / SUM((passed + failed) * w) AS score FROM (SELECT *, CASE severity WHEN 'critical' THEN 10"
        " WHEN 'high' THEN 5 WHEN 'medium' THEN 2 ELSE 1 END AS w FROM compliance_daily WHERE dimension = 'all' AND severity != 'all')"
    )[0]
    assert portal.day("all")["score"] == pytest.approx(weighed["score"])
    numbers = {row["project_id"] for row in portal.ask("SELECT DISTINCT project_id FROM assets")} - {None}
    assert len(numbers) == 2
    of_machines = portal.ask(
        "SELECT COUNT(*) AS n FROM violations WHERE STARTS_WITH(asset_type, 'compute.') AND status = 'fail'"
    )[0]["n"]
    assert portal.day("folder", "folders/77")["failed"] == of_machines > 0
    below = portal.day("folder", FOLDER)
    assert below["failed"] + of_machines == sum(portal.day("project", one)["failed"] for one in numbers)
    portal.run()
    assert portal.day("all")["failed"] == of_all["f"], "a day that is written again is counted once"


def test_unknown_is_counted_apart_from_the_score(portal: Checked) -> None:
    bare = {key: value for key, value in bucket("fog").items() if key != "resource"}
    portal.check(versioned("till"), {**bare, "iamPolicy": {"bindings": []}})
    rule = portal.day("policy", "bucket_versioning")
    assert (rule["passed"], rule["failed"], rule["unknown"], rule["score"]) == (1, 0, 1, 1.0)
    assert portal.findings()["fog"]["status"] == "unknown"


def waiver(rule: str, asset: str, expires: Any) -> str:
    return (
        f'[[waivers]]\nrule = "{rule}"\nasset = "{asset}"\nreason = "A public site"\nowner = "ada@example.com"\n'
        f"expires = {expires}\n"
    )


def test_a_waiver_holds_to_its_last_day_and_counts_again_after_it(portal: Checked, tmp_path: Path) -> None:
    configure(tmp_path, waiver("bucket_v*", "//storage.googleapis.com/w*", TODAY))
    portal.check(versioned("wine", on=False), versioned("oak", on=False))
    found = portal.findings()
    assert found["wine"]["waived_until"].date() == TODAY + timedelta(days=1)
    assert (found["wine"]["waived_by"], found["wine"]["waived_for"]) == ("ada@example.com", "A public site")
    assert found["oak"]["waived_until"] is None
    rule = portal.day("policy", "bucket_versioning")
    assert (rule["failed"], rule["waived"], rule["score"]) == (1, 1, 0.0)
    (listed,) = portal.ask("SELECT * FROM waivers")
    assert (listed["findings"], listed["expires_on"]) == (1, TODAY)

    configure(tmp_path, waiver("bucket_v*", "//storage.googleapis.com/w*", TODAY - timedelta(days=1)))
    portal.run()
    assert portal.findings()["wine"]["waived_until"] is None
    rule = portal.day("policy", "bucket_versioning")
    assert (rule["failed"], rule["waived"]) == (2, 0)
    (listed,) = portal.ask("SELECT * FROM waivers")
    assert listed["findings"] == 1, "the page lists what an expired waiver leaves open"


def test_settings_of_a_rule(portal: Checked, tmp_path: Path) -> None:
    portal.check(versioned("wine", on=False))
    assert portal.findings()["wine"]["resolved_at"] is None
    configure(
        tmp_path,
        "[rules.bucket_versioning]\nenabled = false\n[rules.required_labels]\nseverity = 'critical'\n"
        "[[rules.required_labels.instances]]\nid = 'labels_of_cost'\nseverity = 'low'\n",
    )
    portal.run()
    assert portal.findings()["wine"]["resolution"] == "rule off"
    known = {row["policy_id"]: row for row in portal.ask("SELECT * FROM policies")}
    assert known["bucket_versioning"]["enabled"] is False
    assert (known["required_labels"]["severity"], known["labels_of_cost"]["severity"]) == ("critical", "low")
    assert known["labels_of_cost"]["rule_id"] == "required_labels"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[rules.bucket_versionin]\nenabled = false\n", "Did you mean bucket_versioning?"),
        ("[rules.bucket_versioning]\nseverity = 'bad'\n", "severity is 'bad'"),
        ("[rules.bucket_soft_delete]\nparams = {nosuch = 1}\n", "nosuch"),
        ("[[waivers]]\nrule = 'x'\n", "waiver 1 has no asset"),
        (waiver("x", "y", "'soon'"), "expected a day"),
        ("[rules\n", "not valid TOML"),
    ],
)
def test_wrong_settings_fail_the_run_and_say_where(
    portal: Checked, tmp_path: Path, text: str, told: str
) -> None:
    portal.check(versioned("wine", on=False))
    configure(tmp_path, text)
    row = portal.run()
    assert row["status"] == "failed"
    (error,) = row["error_messages"]
    assert told in error and "policies.toml" in error
    assert portal.findings()["wine"]["resolved_at"] is None, "findings stay as they were"


def bring_rules(portal: Checked, **files: str) -> None:
    folder = portal.settings.git_publish_root / "config" / "lz-config" / "policies"  # type: ignore[operator]
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def test_rules_of_the_landing_zone_run_and_bad_ones_are_told(portal: Checked) -> None:
    bring_rules(
        portal,
        bucket_named_well=MINE,
        bucket_broken=MINE.replace("bucket_named_well", "bucket_broken").replace("asset_type,", "nosuch,"),
        bucket_curious=MINE.replace("bucket_named_well", "bucket_curious").replace(
            "FROM assets", "FROM sync_runs"
        ),
    )
    row = portal.check(versioned("till"), versioned("till-shop"))
    assert row["status"] == "partial"
    assert (set(portal.findings("bucket_named_well")), row["items_failed"]) == ({"till"}, 2)
    errors = {
        row["policy_id"]: row["error"] for row in portal.ask("SELECT * FROM policies WHERE error IS NOT NULL")
    }
    assert set(errors) == {"bucket_broken", "bucket_curious"}
    assert "nosuch" in errors["bucket_broken"] and "sync_runs" in errors["bucket_curious"]
    assert portal.day("policy", "bucket_named_well", "critical")["failed"] == 1


def test_a_rule_that_breaks_leaves_its_findings_as_they_were(portal: Checked) -> None:
    bring_rules(portal, bucket_named_well=MINE)
    portal.check(versioned("till"))
    bring_rules(portal, bucket_named_well=MINE.replace("FROM assets", "FRM assets"))
    assert portal.run()["status"] == "partial"
    found = portal.findings("bucket_named_well")["till"]
    assert (found["resolved_at"], found["status"]) == (None, "fail")
    assert "bucket_named_well.sql" in found["doubt"]


def test_a_rule_cannot_read_a_file_nor_write_one(portal: Checked, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    bring_rules(portal, bucket_named_well=MINE.replace("FROM assets", f"FROM read_csv('{secret}')"))
    portal.check(versioned("till"))
    (row,) = portal.ask("SELECT error FROM policies WHERE policy_id = 'bucket_named_well'")
    assert "no table a rule may read" in row["error"]


def test_there_is_news_until_the_rules_have_run(portal: Checked, tmp_path: Path) -> None:
    def news() -> str | None:
        return LAYER.news(portal.settings, Cache(portal.home))

    portal.check(versioned("till"))
    assert news() is None
    portal.bring(exports.write(tmp_path / "more.ndjson", [versioned("oak")]))
    first = news()
    assert first is not None
    configure(tmp_path, "[rules.bucket_versioning]\nenabled = false\n")
    assert news() not in (None, first)
    portal.run()
    assert news() is None
    bring_rules(portal, bucket_named_well=MINE)
    assert news() is not None


def test_without_assets_there_is_nothing_to_check(portal: Checked) -> None:
    with pytest.raises(SettingsError, match="no assets yet"):
        portal.run()


def test_rules_keep_what_pages_show_of_them(portal: Checked) -> None:
    portal.check(versioned("till"))
    (row,) = portal.ask("SELECT * FROM policies WHERE policy_id = 'bucket_versioning'")
    assert (row["passed"], row["failed"], row["source"], row["enabled"]) == (1, 0, "portal", True)
    assert json.loads(row["remediation"])["gcloud"]
    assert row["rationale"]
