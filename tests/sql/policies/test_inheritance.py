"""IAM bindings and organisation policies reach down from the organisation and folders, as Google hands them down."""

from __future__ import annotations

from typing import Any

import pytest

from app.schema import tables
from tests.sql import harness as cases
from tests.sql.policies import harness

ORG, FOLDER, SUBFOLDER, PROJECT = "organizations/3", "folders/2", "folders/4", "projects/1"
CHAIN = [PROJECT, SUBFOLDER, FOLDER, ORG]


def tree(**given: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of an organisation with two folders and a project, one below the other; `iam` and `org` by node."""
    named = {"organization": ORG, "folder": FOLDER, "subfolder": SUBFOLDER, "project": PROJECT}
    return [
        row({"name": name, "ancestors": CHAIN[CHAIN.index(name) :], **given.get(key, {})})
        for key, name in named.items()
    ]


def row(asset: dict[str, Any]) -> dict[str, Any]:
    return cases.full_row(tables()["assets"], harness._asset("a test", 0, asset, None), 0, "a test")


def policy(node: str, constraint: str, **data: Any) -> dict[str, Any]:
    """An organisation policy of version 2, which is an asset of its own."""
    name = f"{node}/policies/{constraint}"
    kind, chain = "orgpolicy.googleapis.com/Policy", CHAIN[CHAIN.index(node) :]
    return row(
        {
            "name": f"//orgpolicy.googleapis.com/{name}",
            "type": kind,
            "ancestors": chain,
            "data": {"name": name, **data},
        }
    )


def bindings(assets: list[dict[str, Any]], node: str) -> set[tuple[Any, ...]]:
    """(role, member, condition, inherited from) on a node."""
    found = harness.derive(assets, ("iam_bindings",))["iam_bindings"]
    return {
        (one["role"], one["member"], one["condition"], one["inherited_from"])
        for one in found
        if one["resource"] == node
    }


def policies(assets: list[dict[str, Any]], node: str) -> list[dict[str, Any]]:
    """What is in effect on a node, without what is not said."""
    found = harness.derive(assets, ("org_policies",))["org_policies"]
    keep = (
        "enforced",
        "allowed",
        "denied",
        "allow_all",
        "deny_all",
        "restore_default",
        "condition",
        "inherited_from",
    )
    rows = [
        {key: one[key] for key in keep if one[key] not in (None, [])}
        for one in found
        if one["resource"] == node
    ]
    shown = [
        {key: value for key, value in one.items() if (key, value) != ("restore_default", False)}
        for one in rows
    ]
    return sorted(shown, key=str)


VIEWER = {"role": "roles/viewer", "members": ["group:team@example.com"]}
V1 = "constraints/compute.requireOsLogin"
LIST = "constraints/gcp.resourceLocations"


def test_a_binding_reaches_everything_below() -> None:
    assets = tree(folder={"iam": [VIEWER]})
    held = ("roles/viewer", "group:team@example.com", None)
    assert bindings(assets, FOLDER) == {(*held, None)}
    assert bindings(assets, SUBFOLDER) == {(*held, FOLDER)}
    assert bindings(assets, PROJECT) == {(*held, FOLDER)}
    assert bindings(assets, ORG) == set()


def test_own_and_inherited_bindings_stand_side_by_side() -> None:
    held = ("roles/viewer", "group:team@example.com", None)
    found = bindings(tree(organization={"iam": [VIEWER]}, project={"iam": [VIEWER]}), PROJECT)
    assert found == {(*held, None), (*held, ORG)}


def test_a_condition_is_inherited_with_its_binding() -> None:
    bound = {
        **VIEWER,
        "condition": {"title": "t", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"},
    }
    found = bindings(tree(organization={"iam": [bound]}), PROJECT)
    assert found == {("roles/viewer", "group:team@example.com", bound["condition"]["expression"], ORG)}


def test_deleted_members_are_kept_as_such() -> None:
    gone = {"role": "roles/owner", "members": ["deleted:user:ada@example.com?uid=1"]}
    assert bindings(tree(folder={"iam": [gone]}), PROJECT) == {
        ("roles/owner", gone["members"][0], None, FOLDER)
    }


def test_another_branch_inherits_nothing() -> None:
    other = row({"name": "projects/8", "ancestors": ["projects/8", "folders/9", ORG]})
    assert bindings([*tree(folder={"iam": [VIEWER]}), other], "projects/8") == set()


def test_a_policy_on_a_resource_is_not_one_of_its_project() -> None:
    bucket = row({"name": "b", "type": "storage.googleapis.com/Bucket", "ancestors": CHAIN, "iam": [VIEWER]})
    assert bindings([*tree(), bucket], PROJECT) == set()


def test_a_policy_is_inherited_until_something_is_set_below() -> None:
    on, off = (
        {"constraint": V1, "booleanPolicy": {"enforced": True}},
        {"constraint": V1, "booleanPolicy": {}},
    )
    assets = tree(organization={"org": [on]}, subfolder={"org": [off]})
    assert policies(assets, FOLDER) == [{"enforced": True, "inherited_from": ORG}]
    assert policies(assets, SUBFOLDER) == [{"enforced": False}]
    assert policies(assets, PROJECT) == [{"enforced": False, "inherited_from": SUBFOLDER}]


def test_the_project_has_the_last_word() -> None:
    on, off = (
        {"constraint": V1, "booleanPolicy": {"enforced": True}},
        {"constraint": V1, "booleanPolicy": {}},
    )
    assert policies(tree(organization={"org": [off]}, project={"org": [on]}), PROJECT) == [{"enforced": True}]


def test_a_list_replaces_the_one_above() -> None:
    above = {"constraint": LIST, "listPolicy": {"allowedValues": ["in:eu-locations"]}}
    below = {"constraint": LIST, "listPolicy": {"deniedValues": ["in:us-locations"]}}
    found = policies(tree(organization={"org": [above]}, project={"org": [below]}), PROJECT)
    assert found == [{"denied": ["in:us-locations"]}]


def test_a_list_that_inherits_is_added_to_the_one_above() -> None:
    above = {"constraint": LIST, "listPolicy": {"allowedValues": ["in:eu-locations"]}}
    below = {"constraint": LIST, "listPolicy": {"deniedValues": ["europe-west6"], "inheritFromParent": True}}
    found = policies(tree(organization={"org": [above]}, project={"org": [below]}), PROJECT)
    assert found == [
        {"allowed": ["in:eu-locations"], "inherited_from": ORG},
        {"denied": ["europe-west6"]},
    ]


def test_restoring_the_default_cuts_off_what_is_above() -> None:
    above = {"constraint": LIST, "listPolicy": {"allValues": "DENY"}}
    assets = tree(organization={"org": [above]}, folder={"org": [{"constraint": LIST, "restoreDefault": {}}]})
    assert policies(assets, FOLDER) == [{"restore_default": True}]
    assert policies(assets, PROJECT) == [{"restore_default": True, "inherited_from": FOLDER}]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"rules": [{"enforce": True}]}, [{"enforced": True}]),
        ({"rules": [{"enforce": "TRUE"}]}, [{"enforced": True}]),
        ({"rules": [{"enforce": False}]}, [{"enforced": False}]),
        ({"reset": True}, [{"restore_default": True}]),
        ({"rules": [{"denyAll": True}]}, [{"deny_all": True}]),
        ({"rules": [{"allowAll": "TRUE"}]}, [{"allow_all": True}]),
        (
            {"rules": [{"enforce": False, "condition": {"expression": "resource.matchTag('1/env', 'dev')"}}, {"enforce": True}]},
            [{"enforced": False, "condition": "resource.matchTag('1/env', 'dev')"}, {"enforced": True}],
        ),
        (
            {"inheritFromParent": True, "rules": [{"values": {"deniedValues": ["a"]}}]},
            [{"denied": ["a"]}, {"enforced": True, "inherited_from": ORG}],
        ),
    ],
)  # fmt: skip
def test_version_2(spec: dict[str, Any], expected: list[dict[str, Any]]) -> None:
    name = "compute.requireOsLogin"
    above = policy(ORG, name, spec={"rules": [{"enforce": True}]})
    found = policies([*tree(), above, policy(PROJECT, name, spec=spec)], PROJECT)
    assert found == sorted(expected, key=str)


def test_version_2_wins_over_version_1_of_the_same_policy() -> None:
    old = {"constraint": V1, "booleanPolicy": {"enforced": False}}
    new = policy(PROJECT, "compute.requireOsLogin", spec={"rules": [{"enforce": True}]})
    assert policies([*tree(project={"org": [old]}), new], PROJECT) == [{"enforced": True}]


def test_a_dry_run_is_not_in_effect() -> None:
    above = policy(ORG, "compute.requireOsLogin", spec={"rules": [{"enforce": True}]})
    trial = policy(PROJECT, "compute.requireOsLogin", dryRunSpec={"rules": [{"enforce": False}]})
    assert policies([*tree(), above, trial], PROJECT) == [{"enforced": True, "inherited_from": ORG}]
