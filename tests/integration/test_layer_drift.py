"""Drift on a real cache: assets imported by the assets layer, declarations worked out of real HCL."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.settings import Settings
from sync_jobs.layers import LAYERS
from sync_jobs.layers.base import Layer, NotConfigured, Outcome, RunContext, Schedule, Unknown
from sync_jobs.layers.drift.attributes import TABLE, attributes_of
from sync_jobs.layers.drift.layer import DriftLayer
from sync_jobs.layers.drift.normalise import NORMALISERS
from sync_jobs.runner import Runner
from sync_jobs.sample.repository import make_repository
from sync_jobs.sample.timeline import Year
from sync_jobs.store.cache import Cache
from sync_jobs.terraform.declared import rows

Row = dict[str, Any]
PROJECT, NUMBER = "p-one", "111111111111"
P = f"//compute.googleapis.com/projects/{PROJECT}"


class Home:
    """A home to put assets and Terraform into."""

    def __init__(self, home: Path) -> None:
        self.settings = Settings(home=home)
        self.cache = Cache(home)
        self.runner = Runner(self.settings, self.cache, {name: LAYERS[name] for name in ("assets", "drift")})
        self.folder = home.parent
        self.number = 0

    def assets(self, *assets: Row, trigger: str = "cli", **options: Any) -> Row:
        """Import them as one export file, with the project they are in."""
        self.number += 1
        file = self.folder / f"export-{self.number}.ndjson"
        given = {one["name"]: one for one in (project(), *assets)}
        above = [f"projects/{NUMBER}", "organizations/1"]
        lines = [orjson.dumps({"ancestors": above, **one}) for one in given.values()]
        file.write_bytes(b"\n".join(lines) + b"\n" + options.pop("rest", b""))
        return self.runner.run("assets", trigger, {"paths": [str(file)], **options})

    def terraform(self, text: str, path: str = "main.tf") -> None:
        """What the git layer writes of a repository with this file."""
        common = {
            "kind": "terraform",
            "size_bytes": 1,
            "blob_sha": "b",
            "status": "not_mapped",
            "commit_sha": "c",
            "run_id": "r",
        }
        with self.cache.state.transaction():
            self.cache.state.delete("declared_resources", "1 = 1")
            self.cache.state.upsert("declared_resources", rows({path: text}, "c", "r"))
            self.cache.state.upsert("git_files", [{"path": path, **common}])

    def run(self) -> Row:
        return self.runner.run("drift", "cli")

    def drift(self) -> dict[str, Row]:
        """By address, or asset name where nothing declares it; by a reader of its own."""
        from app.engines.local import LocalEngine
        from app.sql_files import adhoc

        engine = LocalEngine(self.settings)
        try:
            found = engine.query(adhoc("SELECT * FROM drift ORDER BY drift_id", {}), {}).to_pylist()
        finally:
            engine.close()
        for row in found:
            row["differences"] = json.loads(row["differences"]) if row["differences"] else []
        return {row["drift_id"]: row for row in found}


def project(**data: Any) -> Row:
    return {
        "name": f"//cloudresourcemanager.googleapis.com/projects/{NUMBER}",
        "assetType": "cloudresourcemanager.googleapis.com/Project",
        "resource": {"version": "v1", "data": {"projectId": PROJECT, "projectNumber": NUMBER, "name": "One", "lifecycleState": "ACTIVE", **data}},
    }  # fmt: skip


def asset(name: str, type_: str, /, **data: Any) -> Row:
    return {
        "name": name,
        "assetType": type_,
        "resource": {"version": "v1", "location": "europe-west1", "data": data},
    }


def bucket(name: str, /, **data: Any) -> Row:
    return asset(
        f"//storage.googleapis.com/{name}", "storage.googleapis.com/Bucket", **{"location": "EU", **data}
    )


BUCKET = (
    'resource "google_storage_bucket" "b" {\n  project = "p-one"\n  name = "one"\n  location = "eu"\n%s}\n'
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


# Terraform type -> (attributes as HCL, asset name, asset type, data that agrees, data that differs, attribute that differs)
CASES: dict[str, tuple[str, str, str, Row, Row, str]] = {
    "google_project": (
        'project_id = "p-one"\nname = "One"\nlabels = { env = "prod" }',
        f"//cloudresourcemanager.googleapis.com/projects/{NUMBER}", "cloudresourcemanager.googleapis.com/Project",
        {"projectId": PROJECT, "projectNumber": NUMBER, "name": "One", "labels": {"env": "prod", "goog-x": "1", "other": "2"}},
        {"projectId": PROJECT, "projectNumber": NUMBER, "name": "One", "labels": {"env": "test"}}, "labels.env"),
    "google_folder": (
        'display_name = "top"\nparent = "organizations/1"',
        "//cloudresourcemanager.googleapis.com/folders/7", "cloudresourcemanager.googleapis.com/Folder",
        {"name": "folders/7", "displayName": "top", "parent": "organizations/1"}, {}, ""),
    "google_project_service": (
        'project = "p-one"\nservice = "run.googleapis.com"',
        f"//serviceusage.googleapis.com/projects/{NUMBER}/services/run.googleapis.com", "serviceusage.googleapis.com/Service",
        {"state": "ENABLED"}, {"state": "DISABLED"}, "service"),
    "google_org_policy_policy": (
        'name = "projects/p-one/policies/sql.restrictPublicIp"\nparent = "projects/p-one"\nspec {\n  rules {\n    enforce = "TRUE"\n  }\n}',
        f"//orgpolicy.googleapis.com/projects/{NUMBER}/policies/sql.restrictPublicIp", "orgpolicy.googleapis.com/Policy",
        {"spec": {"rules": [{"enforce": True}]}}, {"spec": {"rules": [{"enforce": False}]}}, "spec.0.rules"),
    "google_storage_bucket": (
        'project = "p-one"\nname = "one"\nlocation = "eu"\nuniform_bucket_level_access = true\nversioning {\n  enabled = false\n}',
        "//storage.googleapis.com/one", "storage.googleapis.com/Bucket",
        {"location": "EU", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}, "storageClass": "STANDARD"},
        {"location": "EU", "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}, "versioning": {"enabled": True}}, "versioning.0.enabled"),
    "google_compute_network": (
        'project = "p-one"\nname = "vpc"\nauto_create_subnetworks = false\nrouting_mode = "GLOBAL"',
        f"{P}/global/networks/vpc", "compute.googleapis.com/Network",
        {"routingConfig": {"routingMode": "GLOBAL"}}, {"autoCreateSubnetworks": True, "routingConfig": {"routingMode": "GLOBAL"}}, "auto_create_subnetworks"),
    "google_compute_subnetwork": (
        'project = "p-one"\nname = "s"\nregion = "europe-west1"\nip_cidr_range = "10.0.0.0/20"\nnetwork = "projects/p-one/global/networks/vpc"\nlog_config {\n  flow_sampling = 0.5\n}',
        f"{P}/regions/europe-west1/subnetworks/s", "compute.googleapis.com/Subnetwork",
        {"ipCidrRange": "10.0.0.0/20", "network": "https://www.googleapis.com/compute/v1/projects/p-one/global/networks/vpc", "logConfig": {"flowSampling": 0.5}},
        {"ipCidrRange": "10.0.0.0/20", "network": "https://www.googleapis.com/compute/v1/projects/p-one/global/networks/vpc"}, "log_config.0.flow_sampling"),
    "google_compute_firewall": (
        'project = "p-one"\nname = "f"\nnetwork = "vpc"\nsource_ranges = ["10.0.0.0/8", "35.0.0.0/8"]\nallow {\n  protocol = "tcp"\n  ports = ["22"]\n}',
        f"{P}/global/firewalls/f", "compute.googleapis.com/Firewall",
        {"network": "x/networks/vpc", "sourceRanges": ["35.0.0.0/8", "10.0.0.0/8"], "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], "priority": 1000},
        {"network": "x/networks/vpc", "sourceRanges": ["0.0.0.0/0"], "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}, "source_ranges"),
    "google_compute_instance": (
        'project = "p-one"\nname = "vm"\nzone = "europe-west1-b"\nmachine_type = "e2-small"\ntags = ["a", "b"]\nmetadata = { enable-oslogin = "TRUE" }\nservice_account {\n  email = "x@y"\n  scopes = ["cloud-platform"]\n}',
        f"{P}/zones/europe-west1-b/instances/vm", "compute.googleapis.com/Instance",
        {"machineType": "https://x/machineTypes/e2-small", "tags": {"items": ["b", "a"]}, "metadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}, {"key": "other", "value": "1"}]}, "serviceAccounts": [{"email": "x@y", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}]},
        {"machineType": "https://x/machineTypes/e2-large", "tags": {"items": ["b", "a"]}, "metadata": {"items": [{"key": "enable-oslogin", "value": "TRUE"}]}, "serviceAccounts": [{"email": "x@y", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}]}, "machine_type"),
    "google_compute_disk": (
        'project = "p-one"\nname = "d"\nzone = "europe-west1-b"\nsize = 50\ntype = "pd-ssd"',
        f"{P}/zones/europe-west1-b/disks/d", "compute.googleapis.com/Disk",
        {"sizeGb": "50", "type": "https://x/diskTypes/pd-ssd"}, {"sizeGb": "100", "type": "https://x/diskTypes/pd-ssd"}, "size"),
    "google_compute_address": (
        'project = "p-one"\nname = "a"\nregion = "europe-west1"\naddress_type = "INTERNAL"',
        f"{P}/regions/europe-west1/addresses/a", "compute.googleapis.com/Address",
        {"addressType": "INTERNAL", "address": "10.0.0.4"}, {"addressType": "EXTERNAL"}, "address_type"),
    "google_compute_global_address": (
        'project = "p-one"\nname = "g"\nip_version = "IPV4"',
        f"{P}/global/addresses/g", "compute.googleapis.com/Address", {"ipVersion": "IPV4"}, {"ipVersion": "IPV6"}, "ip_version"),
    "google_compute_router": (
        'project = "p-one"\nname = "r"\nregion = "europe-west1"\nnetwork = "vpc"\nbgp {\n  asn = 64512\n}',
        f"{P}/regions/europe-west1/routers/r", "compute.googleapis.com/Router",
        {"network": "x/networks/vpc", "bgp": {"asn": 64512}}, {"network": "x/networks/vpc", "bgp": {"asn": 64513}}, "bgp.0.asn"),
    "google_service_account": (
        'project = "p-one"\naccount_id = "run"\ndisplay_name = "Runs"\ndisabled = false',
        "//iam.googleapis.com/projects/p-one/serviceAccounts/123456", "iam.googleapis.com/ServiceAccount",
        {"email": "run@p-one.iam.gserviceaccount.com", "displayName": "Runs"}, {"email": "run@p-one.iam.gserviceaccount.com", "displayName": "Walks"}, "display_name"),
    "google_sql_database_instance": (
        'project = "p-one"\nname = "db"\ndatabase_version = "POSTGRES_15"\nsettings {\n  tier = "db-f1"\n  ip_configuration {\n    ipv4_enabled = false\n  }\n  database_flags {\n    name = "log"\n    value = "on"\n  }\n}',
        "//cloudsql.googleapis.com/projects/p-one/instances/db", "sqladmin.googleapis.com/Instance",
        {"databaseVersion": "POSTGRES_15", "settings": {"tier": "db-f1", "databaseFlags": [{"name": "log", "value": "on"}]}},
        {"databaseVersion": "POSTGRES_15", "settings": {"tier": "db-f1", "ipConfiguration": {"ipv4Enabled": True}, "databaseFlags": [{"name": "log", "value": "on"}]}}, "settings.0.ip_configuration.0.ipv4_enabled"),
    "google_container_cluster": (
        'project = "p-one"\nname = "c"\nlocation = "europe-west1-b"\nnetwork = "vpc"\nrelease_channel {\n  channel = "REGULAR"\n}',
        "//container.googleapis.com/projects/p-one/zones/europe-west1-b/clusters/c", "container.googleapis.com/Cluster",
        {"network": "vpc", "releaseChannel": {"channel": "REGULAR"}}, {"network": "vpc", "releaseChannel": {"channel": "RAPID"}}, "release_channel.0.channel"),
    "google_container_node_pool": (
        'project = "p-one"\nname = "n"\nlocation = "europe-west1"\ncluster = "c"\nnode_config {\n  machine_type = "e2-small"\n}',
        "//container.googleapis.com/projects/p-one/locations/europe-west1/clusters/c/nodePools/n", "container.googleapis.com/NodePool",
        {"config": {"machineType": "e2-small"}}, {"config": {"machineType": "e2-large"}}, "node_config.0.machine_type"),
    "google_pubsub_topic": (
        'project = "p-one"\nname = "t"\nmessage_retention_duration = "86400s"',
        "//pubsub.googleapis.com/projects/p-one/topics/t", "pubsub.googleapis.com/Topic",
        {"messageRetentionDuration": "86400.000s"}, {"messageRetentionDuration": "600s"}, "message_retention_duration"),
    "google_pubsub_subscription": (
        'project = "p-one"\nname = "s"\ntopic = "t"\nack_deadline_seconds = 20',
        "//pubsub.googleapis.com/projects/p-one/subscriptions/s", "pubsub.googleapis.com/Subscription",
        {"topic": "projects/p-one/topics/t", "ackDeadlineSeconds": 20}, {"topic": "projects/p-one/topics/t", "ackDeadlineSeconds": 10}, "ack_deadline_seconds"),
    "google_bigquery_dataset": (
        'project = "p-one"\ndataset_id = "d"\nlocation = "EU"',
        "//bigquery.googleapis.com/projects/p-one/datasets/d", "bigquery.googleapis.com/Dataset", {"location": "EU"}, {"location": "US"}, "location"),
    "google_bigquery_table": (
        'project = "p-one"\ndataset_id = "d"\ntable_id = "t"\nclustering = ["a", "b"]',
        "//bigquery.googleapis.com/projects/p-one/datasets/d/tables/t", "bigquery.googleapis.com/Table",
        {"clustering": {"fields": ["a", "b"]}}, {"clustering": {"fields": ["b", "a"]}}, "clustering"),
    "google_kms_key_ring": (
        'project = "p-one"\nname = "r"\nlocation = "europe"',
        "//cloudkms.googleapis.com/projects/p-one/locations/europe/keyRings/r", "cloudkms.googleapis.com/KeyRing", {}, {}, ""),
    "google_kms_crypto_key": (
        'name = "k"\nkey_ring = "projects/p-one/locations/europe/keyRings/r"\nrotation_period = "7776000s"',
        "//cloudkms.googleapis.com/projects/p-one/locations/europe/keyRings/r/cryptoKeys/k", "cloudkms.googleapis.com/CryptoKey",
        {"rotationPeriod": "7776000s"}, {}, "rotation_period"),
    "google_secret_manager_secret": (
        'project = "p-one"\nsecret_id = "s"\nreplication {\n  user_managed {\n    replicas {\n      location = "europe-west1"\n    }\n  }\n}',
        f"//secretmanager.googleapis.com/projects/{NUMBER}/secrets/s", "secretmanager.googleapis.com/Secret",
        {"replication": {"userManaged": {"replicas": [{"location": "europe-west1"}]}}}, {"replication": {"automatic": {}}}, "replication.0.user_managed.0.replicas.*.location"),
    "google_cloud_run_v2_service": (
        'project = "p-one"\nname = "s"\nlocation = "europe-west1"\ningress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"\ntemplate {\n  containers {\n    image = "a:1"\n  }\n}',
        "//run.googleapis.com/projects/p-one/locations/europe-west1/services/s", "run.googleapis.com/Service",
        {"metadata": {"annotations": {"run.googleapis.com/ingress": "internal-and-cloud-load-balancing"}}, "spec": {"template": {"spec": {"containers": [{"image": "a:1"}]}}}},
        {"ingress": "INGRESS_TRAFFIC_ALL", "template": {"containers": [{"image": "a:1"}]}}, "ingress"),
    "google_cloudfunctions2_function": (
        'project = "p-one"\nname = "f"\nlocation = "europe-west1"\nbuild_config {\n  runtime = "python312"\n}',
        "//cloudfunctions.googleapis.com/projects/p-one/locations/europe-west1/functions/f", "cloudfunctions.googleapis.com/Function",
        {"buildConfig": {"runtime": "python312"}}, {"buildConfig": {"runtime": "python39"}}, "build_config.0.runtime"),
    "google_dns_managed_zone": (
        'project = "p-one"\nname = "z"\ndns_name = "z.example.test."\nvisibility = "private"',
        "//dns.googleapis.com/projects/p-one/managedZones/998877", "dns.googleapis.com/ManagedZone",
        {"name": "z", "dnsName": "z.example.test.", "visibility": "private"}, {"name": "z", "dnsName": "z.example.test.", "visibility": "public"}, "visibility"),
    "google_logging_project_sink": (
        'project = "p-one"\nname = "s"\ndestination = "storage.googleapis.com/x"\nfilter = <<-EOT\n  severity >= ERROR\n  AND a = b\nEOT\n',
        "//logging.googleapis.com/projects/p-one/sinks/s", "logging.googleapis.com/LogSink",
        {"destination": "storage.googleapis.com/x", "filter": "severity >= ERROR AND a = b"}, {"destination": "storage.googleapis.com/x", "filter": ""}, "filter"),
    "google_logging_project_bucket_config": (
        'project = "p-one"\nlocation = "global"\nbucket_id = "b"\nretention_days = 30',
        "//logging.googleapis.com/projects/p-one/locations/global/buckets/b", "logging.googleapis.com/LogBucket", {"retentionDays": 30}, {"retentionDays": 400}, "retention_days"),
    "google_artifact_registry_repository": (
        'project = "p-one"\nlocation = "europe"\nrepository_id = "r"\nformat = "DOCKER"',
        "//artifactregistry.googleapis.com/projects/p-one/locations/europe/repositories/r", "artifactregistry.googleapis.com/Repository", {"format": "DOCKER"}, {"format": "NPM"}, "format"),
    "google_cloud_scheduler_job": (
        'project = "p-one"\nregion = "europe-west1"\nname = "j"\nschedule = "0 1 * * *"',
        "//cloudscheduler.googleapis.com/projects/p-one/locations/europe-west1/jobs/j", "cloudscheduler.googleapis.com/Job", {"schedule": "0 1 * * *"}, {"schedule": "0 2 * * *"}, "schedule"),
    "google_redis_instance": (
        'project = "p-one"\nregion = "europe-west1"\nname = "r"\ntier = "BASIC"\nmemory_size_gb = 1',
        "//redis.googleapis.com/projects/p-one/locations/europe-west1/instances/r", "redis.googleapis.com/Instance", {"tier": "BASIC", "memorySizeGb": 1}, {"tier": "BASIC", "memorySizeGb": 5}, "memory_size_gb"),
}  # fmt: skip


def resource(type_: str, body: str) -> str:
    return f'resource "{type_}" "x" {{\n{body}\n}}\n'


def test_every_type_as_declared_and_changed(home: Home) -> None:
    """One import and one run for all types: as declared, then with one attribute of each changed by hand."""
    home.terraform("".join(resource(type_, case[0]) for type_, case in CASES.items()))
    home.assets(*(asset(name, kind, **same) for _, name, kind, same, _, _ in CASES.values()))
    found = home.drift()
    for type_ in CASES:
        row = found[f"{type_}.x"]
        assert (row["status"], row["differences"]) == ("managed", []), (type_, row)
    assert found["google_service_account.x"]["asset_name"].endswith("/123456")
    home.assets(
        *(asset(name, kind, **(other if at else same)) for _, name, kind, same, other, at in CASES.values())
    )
    found = home.drift()
    for type_, case in CASES.items():
        if not case[5]:
            continue
        row = found[f"{type_}.x"]
        assert row["status"] == "changed", (type_, row)
        assert [one["attribute"] for one in row["differences"]] == [case[5]], (type_, row)
        assert row["differences"][0]["declared"] != row["differences"][0]["actual"]
        assert row["changed_at"] is not None and row["path"] == "main.tf" and row["line"] > 0
    assert set(CASES) <= set(TABLE) and len(CASES) > 25


def test_the_table_of_attributes_is_sound() -> None:
    for type_ in TABLE:
        for attribute in attributes_of(type_) or ():
            assert attribute.kind in NORMALISERS and attribute.name and attribute.paths, (type_, attribute)


def test_what_is_there_missing_unmanaged_and_unknown(home: Home) -> None:
    home.terraform(
        BUCKET % ""
        + (BUCKET % "").replace('"b"', '"gone"').replace('"one"', '"gone"')
        + (BUCKET % "").replace('"b"', '"unsure"').replace('"one"', "var.name")
        + 'resource "google_compute_router_nat" "n" {\n  name = "n"\n}\n'
        + 'resource "random_id" "r" {\n  byte_length = 4\n}\n'
        + 'resource "google_redis_instance" "r" {\n  project = "p-one"\n  region = "x"\n  name = "r"\n}\n'
        + 'module "m" {\n  source = "registry/x/y"\n}\nvariable "name" {}\n'
    )
    home.assets(bucket("one"), bucket("by-hand"), bucket("gcf-v2-sources-1-europe"), asset(
        "//bigquery.googleapis.com/projects/p-one/datasets/d/tables/t", "bigquery.googleapis.com/Table"))  # fmt: skip
    found = home.drift()
    assert {key: row["status"] for key, row in found.items()} == {
        "google_storage_bucket.b": "managed",
        "google_storage_bucket.gone": "missing",
        "google_storage_bucket.unsure": "unknown",
        "google_compute_router_nat.n": "unknown",
        "google_redis_instance.r": "unknown",
        "module.m": "unknown",
        "//storage.googleapis.com/by-hand": "unmanaged",
        project()["name"]: "unmanaged",
    }
    assert "var.name" in found["google_storage_bucket.unsure"]["reason"]
    assert "without an asset of its own" in found["google_compute_router_nat.n"]["reason"]
    assert "No asset of type redis" in found["google_redis_instance.r"]["reason"]
    assert "registry source" in found["module.m"]["reason"]
    assert "1 declared resource of this type" in found["//storage.googleapis.com/by-hand"]["reason"]
    assert found[project()["name"]]["reason"] is None


def test_nothing_is_missing_on_the_strength_of_a_partial_look(home: Home) -> None:
    home.terraform(BUCKET % "")
    row = home.assets(bucket("other"), rest=b"{broken\n")
    assert row["status"] == "partial"
    found = home.drift()["google_storage_bucket.b"]
    assert found["status"] == "unknown" and "not seen whole" in found["reason"]
    run = home.run()
    assert run["status"] == "partial" and "not seen whole" in run["missed"][0]
    home.assets(bucket("other"), bucket("third"))
    assert home.drift()["google_storage_bucket.b"]["status"] == "missing"


def test_ignored_unknown_and_default_attributes_are_no_drift(home: Home) -> None:
    more = '  storage_class = "NEARLINE"\n  labels = {\n    a = var.x\n    b = "1"\n  }\n%s'
    home.terraform(
        BUCKET % (more % "  lifecycle {\n    ignore_changes = [storage_class]\n  }\n") + 'variable "x" {}\n'
    )
    home.assets(
        bucket("one", storageClass="STANDARD", labels={"b": "1", "goog-y": "2"}, versioning={"enabled": True})
    )
    assert home.drift()["google_storage_bucket.b"]["status"] == "managed"
    home.terraform(BUCKET % (more % "") + 'variable "x" {}\n')
    home.run()
    row = home.drift()["google_storage_bucket.b"]
    assert row["differences"] == [
        {"attribute": "storage_class", "declared": "NEARLINE", "actual": "STANDARD"}
    ]


@pytest.mark.parametrize(
    ("type_", "body", "status"),
    [
        ("member", 'role = "roles/a"\nmember = "user:One@x"', "managed"),
        ("member", 'role = "roles/a"\nmember = "user:other@x"', "missing"),
        ("member", 'role = "roles/none"\nmember = "user:one@x"', "missing"),
        ("member", 'role = var.x\nmember = "user:one@x"', "unknown"),
        ("binding", 'role = "roles/a"\nmembers = ["user:two@x", "user:one@x"]', "managed"),
        ("binding", 'role = "roles/a"\nmembers = ["user:one@x"]', "changed"),
        ("binding", 'role = "roles/none"\nmembers = ["user:one@x"]', "missing"),
        ("policy", 'policy_data = "{}"', "unknown"),
    ],
)
def test_access_is_part_of_the_policy_of_its_owner(home: Home, type_: str, body: str, status: str) -> None:
    name = f"google_project_iam_{type_}"
    home.terraform(resource(name, 'project = "p-one"\n' + body) + 'variable "x" {}\n')
    policy = {"bindings": [{"role": "roles/a", "members": ["user:one@x", "user:two@x"]}]}
    home.assets(project() | {"iamPolicy": policy})
    assert home.drift()[f"{name}.x"]["status"] == status


def test_access_is_unknown_where_no_policy_was_read(home: Home) -> None:
    home.terraform(
        resource("google_project_iam_member", 'project = "p-one"\nrole = "roles/a"\nmember = "user:a@x"')
    )
    home.assets()
    assert "export has none" in home.drift()["google_project_iam_member.x"]["reason"]


def test_folders_in_folders_are_found(home: Home) -> None:
    folder = "//cloudresourcemanager.googleapis.com/folders/"
    kind = "cloudresourcemanager.googleapis.com/Folder"
    home.terraform(
        'resource "google_folder" "top" {\n  display_name = "top"\n  parent = "organizations/1"\n}\n'
        'resource "google_folder" "low" {\n  display_name = "low"\n  parent = google_folder.top.name\n}\n'
    )
    home.assets(
        asset(folder + "1", kind, parent="organizations/1", displayName="top"),
        asset(folder + "2", kind, parent="folders/1", displayName="low"),
        asset(folder + "3", kind, parent="folders/3", displayName="low"),
    )
    found = home.drift()
    assert (found["google_folder.low"]["asset_name"], found["google_folder.low"]["status"]) == (
        folder + "2",
        "managed",
    )
    assert found[folder + "3"]["status"] == "unmanaged"


def test_figures_of_the_day_are_replaced_not_added(home: Home) -> None:
    home.terraform(BUCKET % "")
    home.assets(
        bucket("one"), asset("//pubsub.googleapis.com/projects/p-one/topics/t", "pubsub.googleapis.com/Topic")
    )
    for _ in range(2):
        home.run()
    today = datetime.now(UTC).date().isoformat()
    query = "SELECT date, project_id, asset_type, managed, unmanaged FROM drift_daily ORDER BY asset_type"
    figures = [tuple(row.values()) for row in home.cache.state.rows(query)]
    assert figures == [
        (today, PROJECT, "cloudresourcemanager.googleapis.com/Project", 0, 1),
        (today, PROJECT, "pubsub.googleapis.com/Topic", 0, 1),
        (today, PROJECT, "storage.googleapis.com/Bucket", 1, 0),
    ]
    home.assets(bucket("one"))  # the topic is gone: so is its line
    assert len(home.cache.state.rows(query)) == 2


def test_without_one_of_the_sides_it_is_not_configured_and_nothing_goes(home: Home) -> None:
    layer = DriftLayer()
    reason = layer.source(home.settings, home.cache)
    assert isinstance(reason, NotConfigured) and "PORTAL_GIT_URL" in reason.hint
    home.terraform(BUCKET % "")
    reason = layer.source(home.settings, home.cache)
    assert isinstance(reason, NotConfigured) and "import-assets" in reason.hint
    home.assets(bucket("one"))
    assert home.drift()["google_storage_bucket.b"]["status"] == "managed"
    home.cache.state.delete("git_files", "1 = 1")
    assert isinstance(layer.source(home.settings, home.cache), NotConfigured)
    assert home.drift()["google_storage_bucket.b"]["status"] == "managed"


def test_it_is_removed_with_the_sample(home: Home) -> None:
    home.cache.mark_source("sample")
    home.terraform(BUCKET % "")
    home.assets(bucket("one"), trigger="sample")
    assert home.drift()
    assert home.cache.state.rows("SELECT DISTINCT trigger FROM sync_runs WHERE layer = 'drift'") == [
        {"trigger": "sample"}
    ]
    home.cache.remove_sample()
    assert home.drift() == {}
    assert home.cache.state.rows("SELECT * FROM drift_daily") == []


class Stub:
    """A layer whose runs are told beforehand whether they changed something."""

    title = "Stub"

    def __init__(self, name: str, changed: bool | None = True, follows: tuple[str, ...] = ()) -> None:
        self.name, self.changed, self.follows, self.runs = name, changed, follows, 0

    def schedule(self, settings: Settings) -> Schedule:
        return Schedule.on_demand()

    def freshness_target(self, settings: Settings) -> float:
        return 60

    def source(self, settings: Settings, cache: Cache) -> str | NotConfigured:
        return "stub"

    def extract(self, ctx: RunContext) -> Any:
        self.runs += 1
        return Unknown("cannot look") if self.changed is None else ctx.trigger

    def normalise(self, extracted: Any, ctx: RunContext) -> Any:
        return extracted

    def store(self, normalised: Any, ctx: RunContext) -> Outcome:
        return Outcome(items_synced=1, changed=bool(self.changed), details={"trigger": normalised})

    def cleanup(self, ctx: RunContext) -> None:
        return


@pytest.mark.parametrize(("changed", "runs"), [(True, 1), (False, 0), (None, 0)])
def test_layers_follow_runs_that_changed_something(tmp_path: Path, changed: bool | None, runs: int) -> None:
    first, second, third = (
        Stub("first", changed),
        Stub("second", True, ("first",)),
        Stub("third", True, ("second",)),
    )
    layers: dict[str, Layer] = {layer.name: layer for layer in (third, first, second)}
    runner = Runner(Settings(home=tmp_path), Cache(tmp_path), layers)
    row = runner.run("first", "api")
    assert row["layer"] == "first"
    assert (first.runs, second.runs, third.runs) == (1, runs, runs)
    triggers = {
        r["layer"]: r["trigger"] for r in runner.cache.state.rows("SELECT layer, trigger FROM sync_runs")
    }
    assert triggers == {"first": "api"} | ({"second": "follow", "third": "follow"} if runs else {})


def test_it_runs_after_the_repository_changed_and_not_after_a_look_without_news(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.assets(bucket("one"))
    repository = make_repository(tmp_path / "own", Year(datetime(2026, 1, 1, tzinfo=UTC)))
    settings = Settings(
        home=tmp_path / "home", git_url=repository.as_uri(), git_publish_root=tmp_path / "out"
    )
    runner = Runner(settings, home.cache, {name: LAYERS[name] for name in ("git", "drift")})
    for _ in range(2):
        assert runner.run("git", "cli")["status"] == "success"
    ran = home.cache.state.rows("SELECT trigger, status FROM sync_runs WHERE layer = 'drift'")
    assert ran == [{"trigger": "follow", "status": "success"}]
    found = home.drift()
    assert found['google_kms_crypto_key.key["disks-0"]']["status"] == "unknown"
    assert found["//storage.googleapis.com/one"]["status"] == "unmanaged"


def test_a_hundred_thousand_assets_in_bulk(home: Home) -> None:
    """Compared in a fraction of the import: what nothing declares never comes to Python."""
    home.terraform('resource "google_storage_bucket" "b" {\n  count = 500\n  project = "p-one"\n  name = "b-${count.index}"\n'
                   '  location = "EU"\n}\n')  # fmt: skip
    began = time.monotonic()
    home.assets(*(bucket(f"b-{number}", location="EU" if number % 10 else "US") for number in range(100_000)))
    both = time.monotonic() - began
    run = home.cache.state.rows("SELECT * FROM sync_runs WHERE layer = 'drift'")[0]
    assert run["details"] is not None
    details = orjson.loads(run["details"]) if isinstance(run["details"], str) else run["details"]
    assert (details["managed"], details["changed"], details["unmanaged"]) == (450, 50, 99_501)
    assert run["sync_duration_seconds"] < max(0.8 * both, 3)
