/*
id: dataproc_cluster_internal_addresses
title: Dataproc clusters have no public addresses
description: >
  internalIpOnly is set.
severity: high
asset_types: [dataproc.googleapis.com/Cluster]
defaults: >
  internalIpOnly absent: false.
rationale: >
  Interfaces of the cluster ask for no password.
remediation:
  text: >
    Make the cluster anew with internal addresses, in a subnet with Private Google Access.
  gcloud: |
    gcloud dataproc clusters create {display_name}-private --project={project_id} --region={location} --no-address
  terraform: |
    resource "google_dataproc_cluster" "{display_name}" {
      cluster_config {
        gce_cluster_config {
          internal_ip_only = true
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.config.gceClusterConfig.internalIpOnly'), 'false') AS internal_only
  FROM assets
  WHERE asset_type = 'dataproc.googleapis.com/Cluster'
    AND (resource IS NULL OR JSON_QUERY(resource, '$.data.virtualClusterConfig') IS NULL)
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN internal_only = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN internal_only = 'true' THEN 'The nodes have internal addresses only.'
    ELSE 'The nodes have public addresses.'
  END AS reason,
  TO_JSON(STRUCT(internal_only)) AS evidence
FROM found
