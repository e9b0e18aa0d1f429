/*
id: gke_node_integrity_monitoring
title: Nodes have integrity monitoring
description: >
  Every node pool must have integrity monitoring.
severity: low
asset_types: [container.googleapis.com/Cluster]
rationale: >
  It shows that a node started with code it should not have.
remediation:
  text: >
    Make node pools with integrity monitoring.
  gcloud: |
    gcloud container node-pools create NEW-POOL --cluster={display_name} --location={location} --project={project_id} --shielded-integrity-monitoring
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        shielded_instance_config {
          enable_integrity_monitoring = true
        }
      }
    }
defaults: >
  nodePools.config.shieldedInstanceConfig.enableIntegrityMonitoring: true when a pool is made; in answers
  absent is false.
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
      WHERE COALESCE(JSON_VALUE(pool, '$.config.shieldedInstanceConfig.enableIntegrityMonitoring'), 'false') <> 'true'
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools without integrity monitoring: ', pools, '.')
    ELSE 'Every node pool has integrity monitoring.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
