"""Rules side by side on what they speak of, and rules of single assets, say the same as each rule alone over everything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sync_jobs.layers.assets.literals import parquet
from sync_jobs.policies import config, engine, rules
from sync_jobs.policies.recheck import Recheck
from sync_jobs.policies.rules import Rule
from sync_jobs.sample.make import make
from sync_jobs.store.cache import Cache
from tests.fixtures import exports

Answers = dict[tuple[str, str], tuple[str, str, str | None]]


class Estate:
    """The sample's assets of a year ago, and what each rule says of them, one at a time over all of them."""

    def __init__(self, folder: Path) -> None:
        made = make(folder / "sample", datetime(2026, 3, 1, tzinfo=UTC))
        with exports.portal(folder / "home") as portal:
            portal.bring(str(made.base), str(made.iam))
            self.cache = Cache(portal.home)
            self.paths = self.cache.paths("assets")
            read = rules.load(portal.settings, config.Config(folder / "policies.toml"))
        assert not read.broken
        self.rules = [rule for rule in read.enabled() if not rule.waits]
        self.connection = duckdb.connect()
        self.connection.execute("SET GLOBAL TimeZone = 'UTC'")
        engine.prepare(self.connection, parquet(self.paths), self.rules)
        self.connection.execute("CREATE OR REPLACE VIEW assets AS FROM everything")
        self.alone = {(rule.policy_id, row[0]): row[1:] for rule in self.rules for row in self._rows(rule)}
        self.types = dict(self.connection.sql("SELECT name, asset_type FROM everything").fetchall())

    def _rows(self, rule: Rule) -> list[Any]:
        text = f"SELECT asset_name, status, reason, CAST(evidence AS VARCHAR) FROM ({rule.file.duckdb}\n)"
        return self.connection.execute(text, rule.file.bind(rule.values) or None).fetchall()


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    made = Estate(tmp_path_factory.mktemp("estate"))
    yield made
    made.connection.close()


def answers(relation: Any) -> Answers:
    columns = "policy_id, asset_name, status, reason, CAST(evidence AS VARCHAR)"
    return {(row[0], row[1]): row[2:] for row in relation.select(columns).fetchall()}


@pytest.mark.parametrize("held", [0, engine.HELD], ids=["service by service", "all at once"])
def test_rules_run_together_say_what_each_says_alone(
    estate: Estate, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "HELD", held)
    connection = duckdb.connect()
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    engine.prepare(connection, parquet(estate.paths), estate.rules)
    found: Answers = {}
    ran = []
    for results in engine.judged(connection, estate.rules):
        ran += results
        found |= answers(connection.table("judged"))
    assert sorted(one.policy_id for one in ran) == sorted(rule.policy_id for rule in estate.rules)
    assert [one.error for one in ran if one.error] == []
    assert len(found) > 20_000
    assert found == estate.alone


def test_a_rule_examines_the_types_it_says(estate: Estate) -> None:
    says = {rule.policy_id: set(rule.asset_types) for rule in estate.rules}
    odd = {
        (policy, estate.types[name])
        for policy, name in estate.alone
        if estate.types[name] not in says[policy]
    }
    assert not odd


def test_one_asset_again_says_the_same(estate: Estate, tmp_path: Path) -> None:
    of_asset = defaultdict[str, Answers](dict)
    for (policy, name), answer in estate.alone.items():
        of_asset[name][policy, name] = answer
    again = Recheck(estate.rules, estate.paths, estate.cache.folder, tmp_path)
    by_type = defaultdict[str, list[str]](list)
    for name, kind in estate.types.items():
        by_type[kind].append(name)
    checked = 0
    for names in by_type.values():
        for name in sorted(names)[:: max(1, len(names) // 3)][:3]:
            changed = duckdb.execute(f"FROM {parquet(estate.paths)} WHERE name = ?", [name]).to_arrow_table()
            found = again.check(changed)
            assert found.errors == []
            got = answers(duckdb.from_arrow(found.rows))
            left = {key for key in of_asset[name] if key[0] in found.left}
            assert {k: v for k, v in got.items() if k not in left} == {
                k: v for k, v in of_asset[name].items() if k not in left
            }
            checked += len(got)
    again.close()
    assert checked > 300


def test_a_change_is_judged_as_it_is_now(estate: Estate, tmp_path: Path) -> None:
    name = next(name for name, kind in estate.types.items() if kind == "storage.googleapis.com/Bucket")
    again = Recheck(estate.rules, estate.paths, estate.cache.folder, tmp_path)
    open_to_all = '{"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}'
    changed = duckdb.execute(
        f"SELECT * REPLACE (CAST(? AS JSON) AS iam_policy) FROM {parquet(estate.paths)} WHERE name = ?",
        [open_to_all, name],
    ).to_arrow_table()
    found = again.check(changed)
    again.close()
    assert estate.alone["bucket_public_by_iam", name][0] == "pass"
    assert answers(duckdb.from_arrow(found.rows))["bucket_public_by_iam", name][0] == "fail"


def test_what_reaches_further_is_left_to_a_whole_run(estate: Estate, tmp_path: Path) -> None:
    name = next(name for name, kind in estate.types.items() if kind == "logging.googleapis.com/LogMetric")
    again = Recheck(estate.rules, estate.paths, estate.cache.folder, tmp_path)
    changed = duckdb.execute(f"FROM {parquet(estate.paths)} WHERE name = ?", [name]).to_arrow_table()
    assert "logging_alert_networks" in again.check(changed).left
    again.close()
