"""A repository of Terraform to rows of declared_resources, and the account of every file."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from app.schema import tables
from bench.terraform_tree import FILES, STAGES, TERRAFORM, tree
from sync_jobs.terraform.declared import accounting, rows
from sync_jobs.terraform.documents import DocumentError

Row = dict[str, Any]


def declared(files: dict[str, str], *documents: tuple[str, Any]) -> dict[str, Row]:
    given = [(name, json.dumps(content).encode()) for name, content in documents]
    found = rows(files, "c0ffee", "run-1", given)
    made = {row["address"]: row for row in found}
    assert len(made) == len(found), "an address twice"
    for row in found:
        assert set(row) == {column.name for column in tables()["declared_resources"].columns}
    return made


def main(text: str, **more: str) -> dict[str, Row]:
    return declared({"main.tf": text} | {name.replace("__", "/"): value for name, value in more.items()})


BUCKET = 'resource "google_storage_bucket" "b" {\n  project = "p-1"\n  name = %s\n  location = "EU"\n%s}\n'


def test_a_row_says_what_is_declared_and_where() -> None:
    row = main("# first\n\n" + BUCKET % ('"one"', "  versioning {\n    enabled = true\n  }\n"))[
        "google_storage_bucket.b"
    ]
    assert row["line"] == 3 and row["path"] == "main.tf" and row["module"] == "" and row["origin"] == "hcl"
    assert row["asset_name"] == row["match_key"] == "//storage.googleapis.com/one"
    assert row["asset_type"] == "storage.googleapis.com/Bucket" and row["project_id"] == "p-1"
    assert row["attributes"] == {
        "project": "p-1",
        "name": "one",
        "location": "EU",
        "versioning": [{"enabled": True}],
    }
    assert (row["resolution"], row["unknown"], row["reasons"]) == ("resolved", [], [])
    assert (row["commit_sha"], row["run_id"]) == ("c0ffee", "run-1")


@pytest.mark.parametrize(
    ("name", "more", "addresses"),
    [
        ('"x-${count.index}"', "  count = 2\n", ["[0]", "[1]"]),
        ("each.key", '  for_each = toset(["a", "b.c"])\n', ['["a"]', '["b.c"]']),
        ("each.value.n", '  for_each = { k = { n = "v" } }\n', ['["k"]']),
        ('"x"', "  count = false ? 1 : 0\n", []),
        ('"x"', "  for_each = {}\n", []),
        ('"x"', "  for_each = var.unset\n", ["[*]"]),
        ('"x"', "  count = data.google_project.p.number > 1 ? 1 : 0\n", ["[*]"]),
        ('"x"', '  for_each = ["a", "b"]\n', ["[*]"]),
    ],
)
def test_instances(name: str, more: str, addresses: list[str]) -> None:
    found = main(BUCKET % (name, more) + 'variable "unset" {}\n')
    assert list(found) == ["google_storage_bucket.b" + address for address in addresses]
    for address, row in found.items():
        assert row["resolution"] == ("unknown" if address.endswith("[*]") else "resolved")


def test_what_is_unknown_is_named_with_its_reason() -> None:
    row = main(BUCKET % ("var.name", '  labels = { a = "1", b = data.x.y.z, c = data.terraform_remote_state.s.outputs.o }\n')
               + 'variable "name" {}\n')["google_storage_bucket.b"]  # fmt: skip
    assert row["resolution"] == "unknown" and row["asset_name"] is None
    assert row["unknown"] == ["name", "labels.b", "labels.c"]
    assert row["attributes"]["labels"] == {"a": "1", "b": None, "c": None}
    assert row["reasons"] == [
        "name: variable without a value: var.name",
        "labels.b: data source: data.x.y",
        "labels.c: remote state: data.terraform_remote_state.s",
    ]


def test_where_values_come_from() -> None:
    text = 'variable "n" {\n  default = "default"\n}\n' + BUCKET % ("var.n", "")
    key = "google_storage_bucket.b"
    assert main(text)[key]["attributes"]["name"] == "default"
    for used in ("terraform.tfvars", "a.auto.tfvars"):
        assert declared({"main.tf": text, used: 'n = "given"\n'})[key]["attributes"]["name"] == "given"
    for unused in ("terraform.tfvars.example", "terraform.example.tfvars", "prod.tfvars"):
        files = {"main.tf": text, unused: 'n = "given"\n'}
        assert declared(files)[key]["attributes"]["name"] == "default"
    both = {"main.tf": text, "terraform.tfvars": 'n = "first"\n', "z.auto.tfvars.json": '{"n": "last"}'}
    assert declared(both)[key]["attributes"]["name"] == "last"


def test_types_of_variables_fill_in_what_is_optional() -> None:
    text = (
        'variable "b" {\n  type = map(object({ name = string, location = optional(string, "EU"), x = optional(number) }))\n'
        '  default = { one = { name = "n" } }\n}\n'
        'resource "google_storage_bucket" "b" {\n  for_each = var.b\n  project = "p"\n  name = each.value.name\n'
        '  location = each.value.location\n  storage_class = each.value.x == null ? "STANDARD" : "NEARLINE"\n}\n'
    )
    attributes = main(text)['google_storage_bucket.b["one"]']["attributes"]
    assert (attributes["location"], attributes["storage_class"]) == ("EU", "STANDARD")


def test_modules_of_the_repository_are_followed() -> None:
    child = 'variable "name" {}\nvariable "size" {\n  default = 1\n}\n' + BUCKET % (
        '"${var.name}-${var.size}"',
        "",
    )
    child += 'output "url" {\n  value = google_storage_bucket.b.url\n}\n'
    caller = (
        'module "m" {\n  source = "../modules/bucket"\n  for_each = toset(["a"])\n  name = each.key\n}\n'
        'resource "google_storage_bucket" "log" {\n  project = "p"\n  name = "log"\n  location = "EU"\n'
        '  labels = { from = module.m["a"].url }\n}\n'
    )
    found = declared({"modules/bucket/main.tf": child, "live/main.tf": caller})
    inner = found['module.m["a"].google_storage_bucket.b']
    assert (inner["asset_name"], inner["module"]) == ("//storage.googleapis.com/a-1", "modules/bucket")
    assert (inner["path"], inner["line"]) == ("modules/bucket/main.tf", 5)
    assert found["google_storage_bucket.log"]["attributes"]["labels"] == {"from": "gs://a-1"}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('"terraform-google-modules/network/google"', "registry source"),
        ('"git::https://example.test/m.git?ref=v1"', "Git source"),
        ('"git@github.com:a/b.git"', "Git source"),
        ('"https://example.test/m.zip"', "address"),
        ('"../nowhere"', "no Terraform files"),
        ('"./${var.x}"', "not a plain text"),
    ],
)
def test_modules_that_are_not_followed_are_rows_with_the_reason(source: str, reason: str) -> None:
    files = {
        "main.tf": f'module "m" {{\n  source = {source}\n}}\nresource "google_pubsub_topic" "t" {{\n  project = "p"\n  name = module.m.x\n}}\n'
    }
    found = declared(files)
    assert found["module.m"]["resolution"] == "unknown" and found["module.m"]["resource_type"] == "module"
    assert reason in found["module.m"]["reasons"][0]
    assert reason in found["google_pubsub_topic.t"]["reasons"][0]
    assert accounting(list(found.values()), files)["modules_not_followed"][0]["line"] == 1


def test_an_address_in_several_roots_gets_its_folder() -> None:
    text = BUCKET % ('"%s"', "")
    found = declared(
        {"a/main.tf": text % "one", "b/main.tf": text % "two", "modules/x/main.tf": text % "part"}
    )
    assert list(found) == ["a:google_storage_bucket.b", "b:google_storage_bucket.b"]


def test_references_to_what_follows_from_the_text() -> None:
    found = main(
        'provider "google" {\n  project = "p-1"\n  region = "europe-west1"\n}\n'
        'resource "google_service_account" "s" {\n  account_id = "runner"\n}\n'
        'resource "google_compute_network" "n" {\n  name = "vpc"\n}\n'
        'resource "google_compute_subnetwork" "s" {\n  name = "sub"\n  network = google_compute_network.n.id\n'
        "  ip_cidr_range = google_compute_network.n.gateway_ipv4\n}\n"
        'resource "google_project_iam_member" "m" {\n  project = "p-1"\n  role = "roles/viewer"\n'
        "  member = google_service_account.s.member\n}\n"
        'resource "google_kms_key_ring" "r" {\n  name = "ring"\n  location = "eu"\n}\n'
        'resource "google_kms_crypto_key" "k" {\n  name = "key"\n  key_ring = google_kms_key_ring.r.id\n}\n'
    )
    subnet = found["google_compute_subnetwork.s"]
    assert subnet["attributes"]["network"] == "projects/p-1/global/networks/vpc"
    assert (
        subnet["asset_name"] == "//compute.googleapis.com/projects/p-1/regions/europe-west1/subnetworks/sub"
    )
    assert subnet["resolution"] == "partial" and subnet["unknown"] == ["ip_cidr_range"]
    member = found["google_project_iam_member.m"]
    assert member["attributes"]["member"] == "serviceAccount:runner@p-1.iam.gserviceaccount.com"
    assert member["asset_name"] == "//cloudresourcemanager.googleapis.com/projects/p-1"
    assert found["google_kms_crypto_key.k"]["asset_name"].endswith(
        "/locations/eu/keyRings/ring/cryptoKeys/key"
    )


def test_folders_are_found_by_parent_and_name() -> None:
    found = main(
        'resource "google_folder" "top" {\n  display_name = "top"\n  parent = "organizations/1"\n}\n'
        'resource "google_folder" "low" {\n  display_name = "low"\n  parent = google_folder.top.name\n}\n'
    )
    assert found["google_folder.top"]["match_key"] == "folder:organizations/1/top"
    assert found["google_folder.low"]["match_key"] == "folder:organizations/1/top/low"
    assert found["google_folder.low"]["asset_name"] is None


def test_dynamic_blocks_and_ignored_changes() -> None:
    row = main(
        'resource "google_compute_firewall" "f" {\n  project = "p"\n  name = "f"\n  network = "n"\n'
        '  dynamic "allow" {\n    for_each = { tcp = ["22"], udp = [] }\n    iterator = rule\n    content {\n'
        "      protocol = rule.key\n      ports = rule.value\n    }\n  }\n"
        '  dynamic "deny" {\n    for_each = var.unset\n    content {\n      protocol = "tcp"\n    }\n  }\n'
        '  lifecycle {\n    ignore_changes = [source_ranges, labels["x"]]\n  }\n}\nvariable "unset" {}\n'
    )["google_compute_firewall.f"]
    assert row["attributes"]["allow"] == [
        {"protocol": "tcp", "ports": ["22"]},
        {"protocol": "udp", "ports": []},
    ]
    assert row["attributes"]["lifecycle"] == {"ignore_changes": ["source_ranges", "labels"]}
    assert row["unknown"] == ["deny"] and row["resolution"] == "partial"


def test_json_syntax_says_the_same() -> None:
    row = declared(
        {"main.tf.json": json.dumps({"locals": {"n": "one"}, "resource": {"google_storage_bucket": {"b": {
            "project": "p", "name": "${local.n}-x", "location": "EU", "versioning": {"enabled": True}}}}})}
    )["google_storage_bucket.b"]  # fmt: skip
    assert row["asset_name"] == "//storage.googleapis.com/one-x" and row["resolution"] == "resolved"


HOSTILE = {
    "broken.tf": 'resource "google_pubsub_topic" "t" {\n  name = \n',
    "merge.tf": '<<<<<<< HEAD\nlocals {}\n=======\n',
    "binary.tf": "\x00\x01\ufffd" * 50,
    "broken.tf.json": '{"resource": [',
    "list.tf.json": "[1]",
    "deep.tf": "locals {\n  a = " + "[" * 2000 + "]" * 2000 + "\n}\n",
    "circle.tf": "locals {\n  x = local.y\n  y = local.x\n}\n" + (BUCKET % ("local.x", "")).replace('"b"', '"circle"'),
    "bomb.tf": "locals {\n  l0 = \"xxxxxxxxxx\"\n" + "".join(
        f'  l{n + 1} = "${{local.l{n}}}${{local.l{n}}}${{local.l{n}}}${{local.l{n}}}"\n' for n in range(30)
    ) + "}\n" + (BUCKET % ("local.l30", "")).replace('"b"', '"bomb"'),
    "many.tf": (BUCKET % ('"x-${count.index}"', "  count = 1000000000\n")).replace('"b"', '"many"'),
    "self.tf": 'module "self" {\n  source = "./"\n}\nmodule "up" {\n  source = "../../../../etc"\n}\n',
    "dup.tf": BUCKET % ('"first"', "") + BUCKET % ('"second"', ""),
    "odd.tf": 'resource "google_pubsub_topic" {}\nresource {}\nmodule {}\nunknown "x" "y" "z" {}\nvariable "v" "w" {}\n',
}  # fmt: skip


def test_hostile_files_are_accounted_for_and_the_rest_counts() -> None:
    began = time.monotonic()
    found = declared(
        HOSTILE | {"good.tf": 'resource "google_pubsub_topic" "ok" {\n  project = "p"\n  name = "ok"\n}\n'}
    )
    assert time.monotonic() - began < 20
    assert found["google_pubsub_topic.ok"]["resolution"] == "resolved"
    assert found["google_storage_bucket.circle"]["reasons"] == [
        "name: expression that cannot be worked out here: it refers to itself"
    ]
    assert "too large" in found["google_storage_bucket.bomb"]["reasons"][0]
    assert found["google_storage_bucket.many[*]"]["resolution"] == "unknown"
    account = accounting(list(found.values()), HOSTILE)
    broken = {one["path"]: one for one in account["files"]["unreadable"]}
    assert {"broken.tf", "merge.tf", "binary.tf", "broken.tf.json", "list.tf.json"} <= set(broken)
    assert broken["broken.tf"]["line"] == 2 and "not HCL" in broken["broken.tf"]["reason"]


def test_modules_that_call_each_other_in_a_circle_end() -> None:
    circle = {
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
        "root/main.tf": 'module "a" {\n  source = "../a"\n}\n',
    }
    found = declared(circle)
    assert "in a circle" in str([row["reasons"] for row in found.values()])
    assert accounting(list(found.values()), {k: v for k, v in circle.items() if k != "root/main.tf"})[
        "modules_not_called"
    ] == ["a", "b"]


def state(*resources: Row, **more: Any) -> Row:
    return {
        "format_version": "1.0",
        "terraform_version": "1.9",
        "values": {"root_module": {"resources": list(resources)}},
    } | more


def entry(address: str, values: Row, **more: Any) -> Row:
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[-2],
        "values": values,
        "sensitive_values": {},
    } | more


def test_a_state_wins_per_address_and_keeps_the_place_in_the_file() -> None:
    files = {"main.tf": BUCKET % ("var.x", "") + 'variable "x" {}\n'
             + 'module "net" {\n  source = "registry/x/y"\n}\n'
             + 'resource "google_pubsub_topic" "t" {\n  for_each = var.x\n  name = each.key\n}\n'}  # fmt: skip
    found = declared(
        files,
        ("state.json", state(
            entry("google_storage_bucket.b", {"name": "real", "project": "p", "location": "EU"}),
            entry("module.net.google_compute_network.n", {"name": "vpc", "project": "p"}),
            entry('google_pubsub_topic.t["a"]', {"name": "a", "project": "p"}),
            {"address": "data.x.y", "mode": "data", "type": "x", "values": {}},
        )),
    )  # fmt: skip
    bucket = found["google_storage_bucket.b"]
    assert (bucket["origin"], bucket["resolution"], bucket["line"]) == ("state", "resolved", 1)
    assert bucket["asset_name"] == "//storage.googleapis.com/real" and bucket["path"] == "main.tf"
    assert found["module.net.google_compute_network.n"]["line"] == 7
    assert set(found) == {
        "google_storage_bucket.b",
        "module.net.google_compute_network.n",
        'google_pubsub_topic.t["a"]',
    }


def test_a_plan_names_what_is_known_only_after_apply() -> None:
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"address": "module.m", "resources": [
            entry("module.m.google_pubsub_topic.t", {"name": "t", "project": "p"})]}]}},
        "resource_changes": [{"address": "module.m.google_pubsub_topic.t", "change": {"after_unknown": {"id": True, "labels": {"x": True}}}}],
    }  # fmt: skip
    row = declared({}, ("plan.json", plan))["module.m.google_pubsub_topic.t"]
    assert (row["origin"], row["unknown"], row["path"]) == ("plan", ["id", "labels.x"], "plan.json")
    assert row["asset_name"] == "//pubsub.googleapis.com/projects/p/topics/t"


def test_secrets_of_a_state_are_left_behind() -> None:
    values = {
        "name": "u",
        "project": "p",
        "root_password": "hunter2",
        "settings": [{"x": "hunter2", "kms_key_id": "k"}],
    }
    document = state(
        entry("google_sql_database_instance.d", values, sensitive_values={"settings": [{"x": True}]})
    )
    row = declared({}, ("s.json", document))["google_sql_database_instance.d"]
    assert "hunter2" not in json.dumps(row) and row["attributes"]["settings"] == [{"kms_key_id": "k"}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format_version": "1.0"}', b"\xff\xfe"])
def test_other_documents_are_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match=r"s\.json") as refused:
        rows({}, "c", "r", [("s.json", content)])
    assert "terraform show -json" in refused.value.hint


def test_a_repository_of_real_size_and_shape() -> None:
    files = tree()
    assert len(files) == FILES and sum(path.endswith(".tf") for path in files) == TERRAFORM
    found = declared(files)
    account = accounting(list(found.values()), files)
    counted = account["files"]
    assert counted["terraform"] + counted["values"] + counted["other"] == FILES
    assert counted["unreadable"] == [] and counted["terraform"] == TERRAFORM
    assert account["roots"] == len(STAGES) and account["declared"] == len(found) - len(STAGES)
    assert account["declared"] == account["resolved"] + account["partial"] + account["unknown"]
    assert account["unknown"] == 2 * len(STAGES) and account["resolved"] > 900
    assert len(account["modules_not_followed"]) == len(STAGES)
    assert account["reasons"]["variable without a value"] >= 2 * len(STAGES)
    assert account["reasons"]["remote state"] >= len(STAGES)
