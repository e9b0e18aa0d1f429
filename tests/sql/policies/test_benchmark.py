"""The rules cover the benchmark: each control that assets can decide, under its number in every version.

The list of controls lies beside the checkout (../shared/cis_gcp_controls.json).
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from typing import Any

import pytest

from app.sql_files import SqlFile
from tests.fixtures.shared import shared
from tests.sql.policies.harness import rule_files

VERSIONS = {"3.0": "id_v3", "4.0": "id_v4", "5.0": "id_v5"}


def controls() -> list[dict[str, Any]]:
    read = json.loads(shared("cis_gcp_controls.json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = read["controls"]
    return found


@lru_cache
def rules() -> tuple[SqlFile, ...]:
    return tuple(rule_files())


@lru_cache
def mapped() -> dict[str, dict[str, str]]:
    """Rule: {version: control}."""
    found = {
        file.extra["id"]: dict((file.extra.get("frameworks") or {}).get("cis_gcp") or {}) for file in rules()
    }
    return {rule: mapping for rule, mapping in found.items() if mapping}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("decidable", "count"), [(("yes", "join"), 74), (("partial",), 12)])
def test_every_control_that_assets_decide_has_a_rule(
    version: str, decidable: tuple[str, ...], count: int
) -> None:
    wanted = [one for one in controls() if one["cai_decidable"] in decidable]
    assert len(wanted) == count
    rules = defaultdict(list)
    for rule, mapping in mapped().items():
        rules[mapping.get(version)].append(rule)
    key = VERSIONS[version]
    missing = [f"{one[key]} {one['title']}" for one in wanted if one[key] and not rules[one[key]]]
    assert not missing, f"controls of version {version} without a rule: {missing}"


def test_a_rule_has_the_same_control_in_every_version() -> None:
    by_number = {
        (version, one[key]): one for one in controls() for version, key in VERSIONS.items() if one[key]
    }
    for rule, mapping in mapped().items():
        unknown = {
            version: number for version, number in mapping.items() if (version, number) not in by_number
        }
        assert not unknown, f"{rule} names controls that the benchmark does not have: {unknown}"
        control = by_number[next(iter(mapping.items()))]
        numbers = {version: control[key] for version, key in VERSIONS.items() if control[key]}
        assert mapping == numbers, f"{rule}: {control['title']!r} has the numbers {numbers}"


def test_partial_controls_say_what_is_not_covered() -> None:
    partial = {one["id_v5"] for one in controls() if one["cai_decidable"] == "partial"}
    silent = [
        file.extra["id"]
        for file in rules()
        if mapped().get(file.extra["id"], {}).get("5.0") in partial and not file.extra.get("covers")
    ]
    assert not silent, f"rules for controls that data decides in part, without covers: {silent}"


def test_enough_rules_beyond_the_benchmark() -> None:
    beyond = [file.extra["id"] for file in rules() if file.extra["id"] not in mapped()]
    assert len(beyond) >= 35
