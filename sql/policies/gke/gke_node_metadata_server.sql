/*
id: gke_node_metadata_server
title: Pods cannot read the credentials of the node
description: >
  Every node pool must run the metadata server of GKE.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  A pod that can call the metadata server of the node has the token of the node.
remediation:
  text: >
    Switch on Workload Identity for the cluster, then GKE_METADATA for the pools.
  gcloud: |
    gcloud container node-pools update POOL --cluster={display_name} --location={location} --project={project_id} --workload-metadata=GKE_METADATA
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        workload_metadata_config {
          mode = "GKE_METADATA"
        }
      }
    }
defaults: >
  nodePools.config.workloadMetadataConfig.mode: GCE_METADATA: open.
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
      WHERE COALESCE(JSON_VALUE(pool, '$.config.workloadMetadataConfig.mode'), JSON_VALUE(pool, '$.config.workloadMetadataConfig.nodeMetadata'), '') NOT IN ('GKE_METADATA', 'GKE_METADATA_SERVER', 'SECURE')
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools whose pods see the metadata of the node: ', pools, '.')
    ELSE 'Every node pool hides the metadata of its nodes.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
