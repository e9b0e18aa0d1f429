"""Rules over imported assets: findings through their life, waivers, bad rules of the landing zone, the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from app.settings import Settings
from sync_jobs.policies import config, engine, findings, rules
from sync_jobs.policies.engine import Result

RULE = """/*
id: door_shut
title: Doors are shut
severity: high
asset_types: [x.googleapis.com/Door]
*/
SELECT name AS asset_name, state AS status, CONCAT('It is ', state, '.') AS reason, TO_JSON(state) AS evidence
FROM assets WHERE asset_type = 'x.googleapis.com/Door'
"""


@pytest.fixture
def known(tmp_path: Path) -> rules.Rules:
    folder = tmp_path / "sql" / "policies" / "doors"
    folder.mkdir(parents=True)
    (folder / "door_shut.sql").write_text(RULE)
    settings = Settings(git_publish_root=tmp_path)
    return rules.load(settings, config.Config(tmp_path / "policies.toml"), tmp_path / "sql")


class Days:
    """A finding from run to run."""

    def __init__(self, folder: Path, known: rules.Rules) -> None:
        self.folder, self.known, self.files, self.number = folder, known, list[str](), 0

    def run(self, state: str | None, error: str | None = None) -> dict[str, Any]:
        """The row of the finding after a run in which the door is in `state`; None: it is gone."""
        self.number += 1
        connection = duckdb.connect()
        columns = "'d' AS name, 'x.googleapis.com/Door' AS asset_type"
        rest = [c for c in engine.tables()["assets"].columns if c.name not in ("name", "asset_type", "state")]
        nulls = ", ".join(f"NULL AS {c.name}" for c in rest)
        source = f"(SELECT {columns}, '{state}' AS state, {nulls} WHERE {'true' if state else 'false'})"
        engine.prepare(connection, source, self.known.rules)
        engine.collect(connection)
        findings.before(connection, self.files)
        results = (
            [Result(self.known.rules[0].policy_id, 0, error)]
            if error
            else engine.run_all(connection, self.known.rules)
        )
        findings.waive(connection, [], findings.date(2026, 3, self.number))
        target = str(self.folder / f"{self.number}.parquet")
        now = findings.datetime.fromisoformat(f"2026-03-0{self.number}T00:00:00+00:00")
        findings.merge(connection, results, now, f"run-{self.number}", target)
        self.files = [target]
        rows = connection.sql(f"FROM '{target}'").to_arrow_table().to_pylist()
        return rows[0] if rows else {}


def test_a_finding_from_first_seen_to_reopened(tmp_path: Path, known: rules.Rules) -> None:
    days = Days(tmp_path, known)
    assert days.run("pass") == {}
    first = days.run("fail")
    assert (first["status"], first["first_seen"].day, first["resolved_at"]) == ("fail", 2, None)
    doubted = days.run("unknown")
    assert (doubted["status"], doubted["resolved_at"], doubted["last_seen"].day) == ("fail", None, 2)
    assert doubted["doubt"] == "It is unknown."
    broken = days.run("fail", error="it broke")
    assert (broken["resolved_at"], broken["doubt"]) == (None, "it broke")
    passed = days.run("pass")
    assert (passed["resolved_at"].day, passed["resolution"]) == (5, "passed")
    again = days.run("fail")
    assert (again["resolved_at"], again["reopened"], again["first_seen"].day) == (None, 1, 2)
    gone = days.run(None)
    assert gone["resolution"] == "asset deleted"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("id: door_shut", "id: door_open", "the file is called"),
        ("severity: high", "severity: awful", "severity is 'awful'"),
        ("AS reason", "AS why", "it returns asset_name, status, why, evidence"),
        ("FROM assets", "FROM sync_runs", "it reads"),
        ("FROM assets", "FROM read_text('/etc/passwd')", "no table a rule may read"),
    ],
)
def test_a_bad_rule_of_the_landing_zone_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    folder = tmp_path / "config" / "lz-config" / "policies"
    folder.mkdir(parents=True)
    (folder / "door_shut.sql").write_text(RULE.replace(old, new, 1))
    (folder / "door_fine.sql").write_text(RULE.replace("door_shut", "door_fine"))
    found = rules.load(Settings(git_publish_root=tmp_path), config.Config(tmp_path / "x"), tmp_path / "none")
    assert [rule.policy_id for rule in found.rules] == ["door_fine"]
    assert told in found.broken[0].error and "door_shut.sql" in found.broken[0].error
