"""`policies` as scripts call it: rows per rule and asset, over the cache or an export file, and the exit status."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures import exports
from tests.fixtures.processes import Cli

COLUMNS = ["policy_id", "asset_name", "status", "reason", "evidence"]


def bucket(name: str, **data: Any) -> dict[str, Any]:
    return {
        "name": f"//storage.googleapis.com/{name}",
        "asset_type": "storage.googleapis.com/Bucket",
        "ancestors": ["projects/1111", "organizations/3"],
        "resource": {"version": "v1", "data": {"name": name, **data}},
    }


@pytest.fixture
def export(tmp_path: Path) -> str:
    return exports.write(
        tmp_path / "export.ndjson",
        [
            bucket(
                "till", versioning={"enabled": True}, softDeletePolicy={"retentionDurationSeconds": "604800"}
            ),
            bucket("=cmd|' /C calc'!A0", versioning={"enabled": False}),
        ],
    )


def rows(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found


def test_one_rule_over_an_export_without_a_home(cli: Cli, export: str, home: Path) -> None:
    done = cli("policies", "--rule", "bucket_versioning", "--assets", export, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [list(row) for row in rows(done.stdout)] == [COLUMNS, COLUMNS]
    assert {row["asset_name"].rpartition("/")[2]: row["status"] for row in rows(done.stdout)} == {
        "till": "pass",
        "C calc'!A0": "fail",
    }
    assert not home.exists() or not any(home.iterdir())


def test_a_parameter_changes_the_answer(cli: Cli, export: str) -> None:
    asked = ("policies", "--rule", "bucket_soft_delete", "--assets", export, "--format", "json")
    assert rows(cli(*asked).stdout)[1]["status"] == "pass"
    stricter = cli(*asked, "--param", "min_days=30")
    assert rows(stricter.stdout)[1]["status"] == "fail", stricter.stderr


def test_all_rules_as_csv_and_as_a_table(cli: Cli, export: str) -> None:
    done = cli("policies", "--assets", export, "--format", "csv")
    listed = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(listed[0]) == COLUMNS
    assert len({row["policy_id"] for row in listed}) > 8
    assert {row["status"] for row in listed} <= {"pass", "fail", "unknown"}
    shown = cli("policies", "--rule", "bucket_versioning", "--assets", export)
    assert shown.stdout.split()[:5] == COLUMNS
    assert "Traceback" not in done.stderr + shown.stderr


@pytest.mark.parametrize(("limit", "code"), [("critical", 0), ("high", 0), ("low", 1)])
def test_fail_on_a_severity(cli: Cli, export: str, limit: str, code: int) -> None:
    done = cli(
        "policies", "--rule", "bucket_versioning", "--assets", export, "--fail-on", limit, "--format", "json"
    )
    assert done.returncode == code
    assert len(rows(done.stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--rule", "bucket_versionin"), 2, "Did you mean bucket_versioning?"),
        (("--param", "days=3"), 2, "without --rule"),
        (("--rule", "bucket_soft_delete", "--param", "nosuch=1"), 2, "It takes min_days"),
        (("--rule", "bucket_soft_delete", "--param", "min_days=soon"), 2, "min_days"),
        (("--assets", "/nosuch.ndjson"), 2, "no file /nosuch.ndjson"),
        ((), 1, "no assets in the cache"),
        (("--fail-on", "dire"), 2, "dire"),
    ],
)
def test_what_is_wrong_is_told(cli: Cli, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = cli("policies", *arguments)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_over_the_cache(cli: Cli, export: str) -> None:
    assert cli("import-assets", export).returncode == 0
    done = cli("policies", "--rule", "bucket_versioning", "--format", "json")
    assert [row["status"] for row in rows(done.stdout)] == ["fail", "pass"]


def test_a_broken_rule_of_the_landing_zone_makes_the_answer_partial(
    cli: Cli, export: str, tmp_path: Path
) -> None:
    folder = tmp_path / "published" / "config" / "lz-config" / "policies"
    folder.mkdir(parents=True)
    (folder / "ours.sql").write_text("/* id: ours */ SELECT 1")
    done = cli(
        "policies", "--assets", export, "--format", "json", PORTAL_GIT_PUBLISH_ROOT=tmp_path / "published"
    )
    assert done.returncode == 3
    assert len(rows(done.stdout)) > 8
    assert "ours.sql" in done.stderr


def test_a_file_of_changes_is_refused(cli: Cli, tmp_path: Path) -> None:
    change = {"asset": bucket("till"), "window": {"startTime": "2026-01-01T00:00:00Z"}}
    done = cli("policies", "--assets", exports.write(tmp_path / "changes.ndjson", [change]))
    assert done.returncode == 1
    assert "asset changes" in done.stderr


def test_a_cut_off_file_is_told(cli: Cli, tmp_path: Path) -> None:
    whole = exports.ndjson([bucket("till"), bucket("oak")])
    done = cli(
        "policies",
        "--rule",
        "bucket_versioning",
        "--assets",
        exports.write(tmp_path / "cut.ndjson", whole[:-9]),
        "--format",
        "json",
    )
    assert [row["asset_name"] for row in rows(done.stdout)] == ["//storage.googleapis.com/till"]
    assert done.returncode == 3
    assert "cut.ndjson" in done.stderr
