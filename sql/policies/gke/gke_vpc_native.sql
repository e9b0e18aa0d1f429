/*
id: gke_vpc_native
title: Cluster is VPC-native
description: >
  Pods must have alias addresses of the network.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Only alias addresses are known to firewall rules, private access and flow logs.
remediation:
  text: >
    Only a new cluster can be VPC-native.
  gcloud: |
    gcloud container clusters create NEW-CLUSTER --location={location} --project={project_id} --enable-ip-alias
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      networking_mode = "VPC_NATIVE"
      ip_allocation_policy {}
    }
defaults: >
  ipAllocationPolicy.useIpAliases: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.ipAllocationPolicy.useIpAliases'), 'false') AS setting
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN setting = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN setting = 'true' THEN 'Pods have alias addresses.'
    ELSE 'Pods are reached over routes, not alias addresses.'
  END AS reason,
  JSON_OBJECT('useIpAliases', setting) AS evidence
FROM examined
