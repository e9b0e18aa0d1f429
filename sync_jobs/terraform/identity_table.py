"""Terraform types and the Cloud assets they stand for. `{x}` is an attribute of the resource."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`has_id`: the Terraform id is the path in the asset's name."""

    asset_type: str
    name: str
    has_id: bool = True


def _compute(type_: str, path: str) -> Kind:
    return Kind(
        f"compute.googleapis.com/{type_}", f"//compute.googleapis.com/projects/{{project}}/{path}/{{name}}"
    )


def _regional(
    service: str, type_: str, collection: str, name: str = "{name}", place: str = "{location}"
) -> Kind:
    return Kind(
        f"{service}.googleapis.com/{type_}",
        f"//{service}.googleapis.com/projects/{{project}}/locations/{place}/{collection}/{name}",
    )


def _project_level(
    service: str, type_: str, collection: str, name: str = "{name}", has_id: bool = True
) -> Kind:
    path = f"//{service}.googleapis.com/projects/{{project}}/{collection}/{name}"
    return Kind(f"{service}.googleapis.com/{type_}", path, has_id)


_CRM = "cloudresourcemanager.googleapis.com"
_PROJECT = Kind(f"{_CRM}/Project", f"//{_CRM}/projects/{{project_id}}")
_FUNCTION = _regional("cloudfunctions", "Function", "functions")
_RUN = _regional("run", "Service", "services")

KINDS: dict[str, Kind] = {
    "google_project": _PROJECT,
    "google_folder": Kind(f"{_CRM}/Folder", f"//{_CRM}/{{name}}", has_id=False),
    "google_project_service": _project_level("serviceusage", "Service", "services", "{service}", has_id=False),
    "google_org_policy_policy": Kind("orgpolicy.googleapis.com/Policy", "//orgpolicy.googleapis.com/{name}"),
    "google_storage_bucket": Kind("storage.googleapis.com/Bucket", "//storage.googleapis.com/{name}", has_id=False),
    "google_compute_network": _compute("Network", "global/networks"),
    "google_compute_subnetwork": _compute("Subnetwork", "regions/{region}/subnetworks"),
    "google_compute_firewall": _compute("Firewall", "global/firewalls"),
    "google_compute_route": _compute("Route", "global/routes"),
    "google_compute_router": _compute("Router", "regions/{region}/routers"),
    "google_compute_address": _compute("Address", "regions/{region}/addresses"),
    "google_compute_global_address": _compute("Address", "global/addresses"),
    "google_compute_instance": _compute("Instance", "zones/{zone}/instances"),
    "google_compute_disk": _compute("Disk", "zones/{zone}/disks"),
    "google_compute_region_disk": _compute("RegionDisk", "regions/{region}/disks"),
    "google_compute_image": _compute("Image", "global/images"),
    "google_compute_snapshot": _compute("Snapshot", "global/snapshots"),
    "google_compute_instance_template": _compute("InstanceTemplate", "global/instanceTemplates"),
    "google_compute_instance_group_manager": _compute("InstanceGroupManager", "zones/{zone}/instanceGroupManagers"),
    "google_compute_backend_service": _compute("BackendService", "global/backendServices"),
    "google_compute_region_backend_service": _compute("BackendService", "regions/{region}/backendServices"),
    "google_compute_backend_bucket": _compute("BackendBucket", "global/backendBuckets"),
    "google_compute_health_check": _compute("HealthCheck", "global/healthChecks"),
    "google_compute_url_map": _compute("UrlMap", "global/urlMaps"),
    "google_compute_target_https_proxy": _compute("TargetHttpsProxy", "global/targetHttpsProxies"),
    "google_compute_target_http_proxy": _compute("TargetHttpProxy", "global/targetHttpProxies"),
    "google_compute_global_forwarding_rule": _compute("ForwardingRule", "global/forwardingRules"),
    "google_compute_forwarding_rule": _compute("ForwardingRule", "regions/{region}/forwardingRules"),
    "google_compute_ssl_certificate": _compute("SslCertificate", "global/sslCertificates"),
    "google_compute_managed_ssl_certificate": _compute("SslCertificate", "global/sslCertificates"),
    "google_compute_ssl_policy": _compute("SslPolicy", "global/sslPolicies"),
    "google_compute_security_policy": _compute("SecurityPolicy", "global/securityPolicies"),
    "google_compute_resource_policy": _compute("ResourcePolicy", "regions/{region}/resourcePolicies"),
    "google_compute_ha_vpn_gateway": _compute("VpnGateway", "regions/{region}/vpnGateways"),
    "google_compute_vpn_tunnel": _compute("VpnTunnel", "regions/{region}/vpnTunnels"),
    "google_compute_interconnect_attachment": _compute("InterconnectAttachment", "regions/{region}/interconnectAttachments"),
    "google_service_account": Kind(
        "iam.googleapis.com/ServiceAccount",
        "//iam.googleapis.com/projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
    ),
    "google_project_iam_custom_role": _project_level("iam", "Role", "roles", "{role_id}"),
    "google_organization_iam_custom_role": Kind(
        "iam.googleapis.com/Role", "//iam.googleapis.com/organizations/{org_id}/roles/{role_id}"
    ),
    "google_sql_database_instance": Kind(
        "sqladmin.googleapis.com/Instance", "//cloudsql.googleapis.com/projects/{project}/instances/{name}", has_id=False
    ),
    "google_container_cluster": _regional("container", "Cluster", "clusters"),
    "google_container_node_pool": Kind(
        "container.googleapis.com/NodePool",
        "//container.googleapis.com/projects/{project}/locations/{location}/clusters/{cluster}/nodePools/{name}",
        has_id=False,
    ),
    "google_pubsub_topic": _project_level("pubsub", "Topic", "topics"),
    "google_pubsub_subscription": _project_level("pubsub", "Subscription", "subscriptions"),
    "google_pubsub_schema": _project_level("pubsub", "Schema", "schemas"),
    "google_bigquery_dataset": _project_level("bigquery", "Dataset", "datasets", "{dataset_id}"),
    "google_bigquery_table": _project_level("bigquery", "Table", "datasets/{dataset_id}/tables", "{table_id}"),
    "google_kms_key_ring": _regional("cloudkms", "KeyRing", "keyRings"),
    "google_kms_crypto_key": Kind(
        "cloudkms.googleapis.com/CryptoKey", "//cloudkms.googleapis.com/{key_ring}/cryptoKeys/{name}"
    ),
    "google_secret_manager_secret": _project_level("secretmanager", "Secret", "secrets", "{secret_id}"),
    "google_cloud_run_v2_service": _RUN,
    "google_cloud_run_service": Kind(_RUN.asset_type, _RUN.name, has_id=False),
    "google_cloud_run_v2_job": _regional("run", "Job", "jobs"),
    "google_cloudfunctions2_function": _FUNCTION,
    "google_cloudfunctions_function": _regional("cloudfunctions", "CloudFunction", "functions", place="{region}"),
    "google_dns_managed_zone": _project_level("dns", "ManagedZone", "managedZones"),
    "google_logging_project_sink": _project_level("logging", "LogSink", "sinks"),
    "google_logging_folder_sink": Kind(
        "logging.googleapis.com/LogSink", "//logging.googleapis.com/{folder}/sinks/{name}"
    ),
    "google_logging_organization_sink": Kind(
        "logging.googleapis.com/LogSink", "//logging.googleapis.com/organizations/{org_id}/sinks/{name}"
    ),
    "google_logging_metric": _project_level("logging", "LogMetric", "metrics", has_id=False),
    "google_logging_project_bucket_config": _regional("logging", "LogBucket", "buckets", "{bucket_id}"),
    "google_artifact_registry_repository": _regional("artifactregistry", "Repository", "repositories", "{repository_id}"),
    "google_cloud_scheduler_job": _regional("cloudscheduler", "Job", "jobs", place="{region}"),
    "google_redis_instance": _regional("redis", "Instance", "instances", place="{region}"),
    "google_filestore_instance": _regional("file", "Instance", "instances"),
    "google_spanner_instance": _project_level("spanner", "Instance", "instances", has_id=False),
    "google_vpc_access_connector": _regional("vpcaccess", "Connector", "connectors", place="{region}"),
    "google_workflows_workflow": _regional("workflows", "Workflow", "workflows", place="{region}"),
    "google_composer_environment": _regional("composer", "Environment", "environments", place="{region}"),
    "google_access_context_manager_service_perimeter": Kind(
        "accesscontextmanager.googleapis.com/ServicePerimeter", "//accesscontextmanager.googleapis.com/{name}"
    ),
    "google_access_context_manager_access_level": Kind(
        "accesscontextmanager.googleapis.com/AccessLevel", "//accesscontextmanager.googleapis.com/{name}"
    ),
}  # fmt: skip

_TOPIC, _SUBSCRIPTION = KINDS["google_pubsub_topic"], KINDS["google_pubsub_subscription"]
# `google_X_iam_member`, `_binding` and `_policy` are parts of the policy of X.
IAM_OWNERS: dict[str, Kind] = {
    "google_project": Kind(_PROJECT.asset_type, f"//{_CRM}/projects/{{project}}"),
    "google_folder": Kind(f"{_CRM}/Folder", f"//{_CRM}/{{folder}}"),
    "google_organization": Kind(f"{_CRM}/Organization", f"//{_CRM}/organizations/{{org_id}}"),
    "google_storage_bucket": Kind("storage.googleapis.com/Bucket", "//storage.googleapis.com/{bucket}"),
    "google_service_account": Kind("iam.googleapis.com/ServiceAccount", "//iam.googleapis.com/{service_account_id}"),
    "google_pubsub_topic": Kind(_TOPIC.asset_type, _TOPIC.name.replace("{name}", "{topic}")),
    "google_pubsub_subscription": Kind(_SUBSCRIPTION.asset_type, _SUBSCRIPTION.name.replace("{name}", "{subscription}")),
    "google_bigquery_dataset": KINDS["google_bigquery_dataset"],
    "google_kms_crypto_key": Kind("cloudkms.googleapis.com/CryptoKey", "//cloudkms.googleapis.com/{crypto_key_id}"),
    "google_kms_key_ring": Kind("cloudkms.googleapis.com/KeyRing", "//cloudkms.googleapis.com/{key_ring_id}"),
    "google_secret_manager_secret": KINDS["google_secret_manager_secret"],
    "google_cloud_run_v2_service": _RUN,
    "google_artifact_registry_repository": Kind(
        KINDS["google_artifact_registry_repository"].asset_type,
        KINDS["google_artifact_registry_repository"].name.replace("{repository_id}", "{repository}"),
    ),
    "google_compute_subnetwork": Kind(
        "compute.googleapis.com/Subnetwork",
        "//compute.googleapis.com/projects/{project}/regions/{region}/subnetworks/{subnetwork}",
    ),
}  # fmt: skip

# Part of another asset, or nothing that Cloud Asset Inventory lists.
NO_ASSET = frozenset(
    (
        "google_compute_router_nat", "google_compute_router_interface", "google_compute_router_peer",
        "google_compute_shared_vpc_host_project", "google_compute_shared_vpc_service_project",
        "google_compute_network_peering", "google_compute_network_firewall_policy_rule",
        "google_compute_firewall_policy_rule", "google_compute_project_metadata",
        "google_compute_project_metadata_item", "google_compute_attached_disk", "google_project_service_identity",
        "google_project_default_service_accounts", "google_storage_bucket_object", "google_sql_database",
        "google_sql_user", "google_service_networking_connection", "google_resource_manager_lien",
        "google_billing_account_iam_member", "google_billing_account_iam_binding", "google_cloud_identity_group",
        "google_cloud_identity_group_membership", "google_project_usage_export_bucket",
        "google_logging_project_exclusion", "google_bigquery_dataset_access", "google_tags_tag_binding",
    )
)  # fmt: skip

_BUCKET_OF_LINKS = {"id": "{name}", "url": "gs://{name}"}
COMPUTED: dict[str, dict[str, str]] = {
    "google_project": {"id": "projects/{project_id}"},
    "google_storage_bucket": _BUCKET_OF_LINKS,
    "google_service_account": {
        "email": "{account_id}@{project}.iam.gserviceaccount.com",
        "member": "serviceAccount:{account_id}@{project}.iam.gserviceaccount.com",
        "name": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
    },
    "google_project_iam_custom_role": {"name": "projects/{project}/roles/{role_id}"},
    "google_organization_iam_custom_role": {"name": "organizations/{org_id}/roles/{role_id}"},
    "google_artifact_registry_repository": {"name": "{repository_id}"},
}
