"""Our rules and a public rule set agree on assets that were not made here, one by one.

The samples are test assets of a public policy library with what its rules report (../shared/data/cai). A difference has
to be right and stand in DIFFERENCES with its reason, or the rule is wrong.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.settings import load_settings
from sync_jobs.policies import on_demand
from tests.fixtures.shared import shared


def _labels(params: dict[str, Any]) -> dict[str, Any]:
    merged = {label: pattern for one in params["mandatory_labels"] for label, pattern in one.items()}
    return {"labels": json.dumps(merged), "types": params["resource_types_to_scan"]}


# Sample: our rule, and its parameters from those of the public rule.
OURS = {
    "bigquery_dataset_world_readable.json": ("bigquery_dataset_public", None),
    "compute_ip_forward.json": ("compute_instance_ip_forwarding", None),
    "dnssec.json": ("dnssec_on", None),
    "enforce_labels-buckets.json": ("required_labels", _labels),
    "enforce_labels-projects.json": ("required_labels", _labels),
    "gke_legacy_abac.json": ("gke_legacy_abac", None),
    "gke_node_auto_upgrade.json": ("gke_node_auto_upgrade", None),
    "gke_private_cluster.json": ("gke_private_nodes", None),
    "iam_audit_log.json": ("logging_audit_services", dict),
    "network_enable_flow_logs.json": ("subnet_flow_logs", None),
    "network_restrict_default.json": ("network_default", None),
    "sql_public_ip.json": ("sql_no_public_ip", None),
    "storage_bucket_policy_only.json": ("bucket_uniform_access", None),
}
# Rule: {asset: why ours says something else}.
DIFFERENCES: dict[str, dict[str, str]] = {}
# Sample: assets that the rule does not examine, and why.
NOT_EXAMINED = {
    "iam_audit_log.json": {
        "//cloudresourcemanager.googleapis.com/projects/ignore-asset-type": "its type is that of another resource"
    }
}


def samples() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(shared("data/cai/expected.json").read_text(encoding="utf-8"))
    return read


def test_every_sample_has_a_rule_of_ours() -> None:
    assert {sample["name"] for sample in samples()} == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_agrees_asset_by_asset(name: str, tmp_path: Path) -> None:
    sample = next(one for one in samples() if one["name"] == name)
    rule_id, translate = OURS[name]
    params = translate(sample["params"]) if translate else {}
    chosen = on_demand.choose(load_settings(), rule_id, params)
    asked = on_demand.ask(load_settings(), chosen.rules, [str(shared(f"data/cai/{name}"))], tmp_path)
    assert not asked.errors
    assert not asked.notes

    rows = {row["asset_name"]: row for row in asked.rows.to_pylist()}
    given = {asset["name"] for asset in json.loads(shared(f"data/cai/{name}").read_text(encoding="utf-8"))}
    assert given - set(rows) == set(NOT_EXAMINED.get(name, {}))
    explained = DIFFERENCES.get(rule_id, {})
    for asset, row in rows.items():
        theirs = "fail" if asset in sample["violating"] else "pass"
        if asset in explained:
            assert row["status"] != theirs, f"{asset} is listed as a difference, but both say {theirs}"
            continue
        assert row["status"] == theirs, f"{asset}: the public rule says {theirs}; ours: {row['reason']}"
