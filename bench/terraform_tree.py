"""A landing zone's repository of the size and shape of real ones: 650 files, 265 of them Terraform, in twelve stages.

Modules are called across folders, for_each runs over literals and over what only the cloud knows, tfvars are examples,
stages read each other's remote state, documents stand in between.
"""

from __future__ import annotations

STAGES = (
    "0-bootstrap", "1-resman", "2-security", "3-network-hub", "4-network-spokes", "5-dns", "6-logging", "7-projects",
    "8-data-platform", "9-gke", "10-apps", "11-sandbox",
)  # fmt: skip
MODULES = (
    "project", "folder", "bucket", "network", "firewall", "service-account", "kms", "secret", "pubsub", "dataset", "sql",
    "cluster", "dns-zone", "log-sink", "artifact-registry",
)  # fmt: skip
TERRAFORM, FILES = 265, 650
_HEADER = """/**
 * This file is part of the landing zone. It is applied by the pipeline of its stage, never by hand.
 * Changes need a review by the owners of the stage; see the handbook for who they are and for what the
 * checks of a plan look at. Values of an environment come from its own file of variables.
 */

"""


def tree() -> dict[str, str]:
    """Path -> text of every file."""
    files: dict[str, str] = {}
    for name in MODULES:
        folder = f"terraform/modules/{name}"
        files |= {f"{folder}/{file}": text for file, text in _module(name).items()}
    for number, stage in enumerate(STAGES):
        folder = f"terraform/{stage}"
        files |= {f"{folder}/{file}": text for file, text in _stage(number, stage).items()}
    extra = 0
    while sum(path.endswith(".tf") for path in files) < TERRAFORM:
        stage = STAGES[extra % len(STAGES)]
        files[f"terraform/{stage}/workload-{extra:03}.tf"] = _workload(extra)
        extra += 1
    for number in range(FILES - len(files)):
        files[f"docs/{number % 40:02}/page-{number:03}.md"] = (
            f"# Page {number}\n\n" + "Some words on it.\n" * 20
        )
    return files


def _variable(name: str, type_: str = "string", default: str | None = None) -> str:
    given = f"  default     = {default}\n" if default is not None else ""
    about = (
        f"What the {name.replace('_', ' ')} is, where it is used, and what to think of before it is changed."
    )
    return f'variable "{name}" {{\n  description = "{about}"\n  type        = {type_}\n{given}}}\n\n'


def _module(name: str) -> dict[str, str]:
    resource = _RESOURCES[name]
    variables = "".join(_variable(*given) for given in (
        ("project_id",), ("name",), ("location", "string", '"europe-west1"'), ("labels", "map(string)", "{}"),
        ("parent", "string", "null"), ("members", "map(list(string))", "{}"),
    ))  # fmt: skip
    iam = (
        "locals {\n  members = flatten([\n    for role, members in var.members : [\n"
        "      for member in members : { role = role, member = member }\n    ]\n  ])\n}\n\n"
        'resource "google_project_iam_member" "extra" {\n'
        '  for_each = { for one in local.members : "${one.role}/${one.member}" => one }\n'
        "  project  = var.project_id\n  role     = each.value.role\n  member   = each.value.member\n}\n"
    )
    outputs = "".join(
        f'output "{field}" {{\n  description = "The {field} of what this module makes, for other stages."\n'
        f"  value       = {value}\n}}\n\n"
        for field, value in (("id", f"{resource[1]}.this.id"), ("name", f"{resource[1]}.this.{resource[2]}"))
    )
    versions = (
        'terraform {\n  required_version = ">= 1.5"\n  required_providers {\n    google = {\n'
        '      source  = "hashicorp/google"\n      version = ">= 5.0, < 7.0"\n    }\n  }\n}\n'
    )
    return {
        "main.tf": _HEADER + resource[0],
        "variables.tf": _HEADER + variables,
        "iam.tf": _HEADER + iam,
        "outputs.tf": _HEADER + outputs,
        "versions.tf": _HEADER + versions,
        "README.md": f"# {name}\n\nMakes one {name}.\n",
    }


def _simple(type_: str, key: str, body: str, name: str | None = None) -> tuple[str, str, str]:
    given = f"  {key} = var.name\n" if name is None else f"  {key} = {name}\n"
    return f'resource "{type_}" "this" {{\n{given}{body}}}\n', type_, key


_P, _L = "  project = var.project_id\n", "  location = var.location\n"
_LABELS = '  labels = merge({ managed-by = "terraform" }, var.labels)\n'
_RESOURCES = {
    "project": _simple("google_project", "name", "  project_id = var.project_id\n  folder_id = var.parent\n" + _LABELS),
    "folder": _simple("google_folder", "display_name", '  parent = coalesce(var.parent, "organizations/123456789")\n'),
    "bucket": _simple(
        "google_storage_bucket", "name",
        _P + _L + _LABELS + "  uniform_bucket_level_access = true\n\n  versioning {\n    enabled = true\n  }\n\n"
        '  dynamic "lifecycle_rule" {\n    for_each = [30, 365]\n    content {\n      condition {\n'
        "        age = lifecycle_rule.value\n      }\n      action {\n        type = \"Delete\"\n      }\n    }\n  }\n",
    ),
    "network": _simple("google_compute_network", "name", _P + "  auto_create_subnetworks = false\n"),
    "firewall": _simple(
        "google_compute_firewall", "name",
        _P + '  network = "vpc-hub"\n  source_ranges = ["10.0.0.0/8"]\n\n  allow {\n    protocol = "tcp"\n'
        '    ports    = ["22", "443"]\n  }\n',
    ),
    "service-account": _simple("google_service_account", "account_id", _P + '  display_name = "Made by ${var.name}"\n'),
    "kms": _simple("google_kms_key_ring", "name", _P + _L),
    "secret": _simple("google_secret_manager_secret", "secret_id", _P + _LABELS + "\n  replication {\n    auto {}\n  }\n"),
    "pubsub": _simple("google_pubsub_topic", "name", _P + _LABELS),
    "dataset": _simple("google_bigquery_dataset", "dataset_id", _P + _L, 'replace(var.name, "-", "_")'),
    "sql": _simple(
        "google_sql_database_instance", "name",
        _P + '  database_version = "POSTGRES_15"\n  region = var.location\n\n  settings {\n    tier = "db-custom-2-8192"\n  }\n',
    ),
    "cluster": _simple("google_container_cluster", "name", _P + _L + "  initial_node_count = 1\n"),
    "dns-zone": _simple("google_dns_managed_zone", "name", _P + '  dns_name = "${var.name}.example.test."\n'),
    "log-sink": _simple(
        "google_logging_project_sink", "name",
        _P + '  destination = "storage.googleapis.com/${var.name}"\n  filter = <<-EOT\n    severity >= ERROR\n    AND\n'
        "    resource.type = \"gce_instance\"\n  EOT\n",
    ),
    "artifact-registry": _simple("google_artifact_registry_repository", "repository_id", _P + _L + '  format = "DOCKER"\n'),
}  # fmt: skip


def _stage(number: int, stage: str) -> dict[str, str]:
    prefix = stage.partition("-")[2]
    calls = "".join(
        f'module "{name}" {{\n  source     = "../modules/{name}"\n  for_each   = local.{"envs" if index % 3 else "units"}\n'
        f'  project_id = "lz-{prefix}-${{each.key}}"\n  name       = "{prefix}-{name}-${{each.key}}"\n'
        "  labels     = { env = each.key, stage = local.stage }\n}\n\n"
        for index, name in enumerate(MODULES[: 6 + number % 9])
    )
    locals_ = (
        f'locals {{\n  stage = "{stage}"\n  envs  = toset(["dev", "test", "prod"])\n  units = {{\n    dev  = {{ cidr = '
        'cidrsubnet("10.0.0.0/8", 8, 1) }\n    prod = { cidr = cidrsubnet("10.0.0.0/8", 8, 2) }\n  }\n'
        "  parent = data.terraform_remote_state.before.outputs.folder\n  ids    = { for key in local.envs : key => "
        'upper(key) if key != "test" }\n}\n'
    )
    remote = (
        'data "terraform_remote_state" "before" {\n  backend = "gcs"\n  config = {\n    bucket = var.state_bucket\n'
        f'    prefix = "terraform/{STAGES[max(number - 1, 0)]}"\n  }}\n}}\n'
    )
    registry = (
        'module "budget" {\n  source  = "terraform-google-modules/project-factory/google//modules/budget"\n'
        '  version = "~> 15.0"\n  amount  = 1000\n}\n'
    )
    unknown = (
        'resource "google_storage_bucket" "per_team" {\n  for_each = var.teams\n  project  = local.parent\n'
        '  name     = "lz-${each.key}"\n  location = "EU"\n}\n\nresource "google_compute_network" "there" {\n'
        '  count   = local.parent == null ? 0 : 1\n  project = local.parent\n  name    = "there"\n}\n'
    )
    example = 'state_bucket = "your-bucket"\nteams = {\n  orders = {}\n}\n'
    return {
        "main.tf": _HEADER + calls,
        "locals.tf": _HEADER + locals_,
        "remote.tf": _HEADER + remote,
        "budget.tf": _HEADER + registry,
        "teams.tf": _HEADER + unknown,
        "variables.tf": _HEADER + _variable("state_bucket") + _variable("teams", "map(object({ size = optional(number, 3) }))"),
        "outputs.tf": _HEADER + 'output "networks" {\n  value = { for key, made in module.network : key => made.id }\n}\n',
        "providers.tf": _HEADER + 'provider "google" {\n  region = "europe-west1"\n}\n',
        "versions.tf": _HEADER + 'terraform {\n  required_version = ">= 1.5"\n  backend "gcs" {\n    bucket = "UPDATE_ME"\n  }\n}\n',
        "terraform.example.tfvars": example,
        "terraform.tfvars.example": example,
        "README.md": f"# {stage}\n\nWhat this stage makes.\n",
    }  # fmt: skip


def _workload(number: int) -> str:
    blocks = []
    for one in range(8):
        name = f"w{number:03}-{one}"
        blocks.append(
            f'resource "google_compute_instance" "w{number:03}_{one}" {{\n  project      = "lz-workloads"\n'
            f'  name         = "{name}"\n  zone         = "europe-west1-b"\n  machine_type = "e2-standard-2"\n'
            '  tags         = ["internal", "ssh"]\n  labels = {\n    env  = "prod"\n    team = "orders"\n  }\n\n'
            '  boot_disk {\n    initialize_params {\n      image = "debian-cloud/debian-12"\n      size  = 20\n    }\n  }\n\n'
            '  network_interface {\n    subnetwork = "projects/lz-host/regions/europe-west1/subnetworks/prod"\n  }\n\n'
            "  service_account {\n    email  = google_service_account.w"
            f'{number:03}.email\n    scopes = ["cloud-platform"]\n  }}\n\n  lifecycle {{\n    ignore_changes = [metadata]\n  }}\n}}\n'
        )
    account = (
        f'resource "google_service_account" "w{number:03}" {{\n  project      = "lz-workloads"\n'
        f'  account_id   = "w{number:03}"\n  display_name = "Runs workload {number}"\n}}\n'
    )
    return _HEADER + account + "\n" + "\n".join(blocks)
