/*
id: gke_legacy_metadata_endpoints
title: Nodes refuse legacy metadata endpoints
description: >
  Node pools of clusters before version 1.12 must set disable-legacy-endpoints; since 1.12 the endpoints are
  off unless asked for.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  The old endpoints ask for no header, so that a forged request reads the credentials of the node.
remediation:
  text: >
    Make node pools that have the metadata.
  gcloud: |
    gcloud container node-pools create NEW-POOL --cluster={display_name} --location={location} --project={project_id} --metadata=disable-legacy-endpoints=true
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        metadata = {
          disable-legacy-endpoints = "true"
        }
      }
    }
defaults: >
  nodePools.config.metadata.disable-legacy-endpoints: true since 1.12, false before.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.autopilot.enabled'), 'false') AS autopilot,
    (
      SELECT STRING_AGG(COALESCE(JSON_VALUE(pool, '$.name'), 'unnamed'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.nodePools')) AS pool
      WHERE LOWER(COALESCE(JSON_VALUE(pool, '$.config.metadata."disable-legacy-endpoints"'), IF(SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.currentMasterVersion'), r'^1\.(\d+)') AS INT64) >= 12, 'true', 'false'))) <> 'true'
    ) AS pools
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN autopilot = 'true' THEN 'pass'
    WHEN pools IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN autopilot = 'true' THEN 'Autopilot: Google looks after the nodes.'
    WHEN pools IS NOT NULL THEN CONCAT('Node pools with legacy metadata endpoints: ', pools, '.')
    ELSE 'No node pool has legacy metadata endpoints.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
