/*
id: gke_node_secure_boot
title: Nodes have secure boot
description: >
  Every node pool must have secure boot.
severity: low
asset_types: [container.googleapis.com/Cluster]
rationale: >
  It stops rootkits below the operating system.
remediation:
  text: >
    Make node pools with secure boot.
  gcloud: |
    gcloud container node-pools create NEW-POOL --cluster={display_name} --location={location} --project={project_id} --shielded-secure-boot
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        shielded_instance_config {
          enable_secure_boot = true
        }
      }
    }
defaults: >
  nodePools.config.shieldedInstanceConfig.enableSecureBoot: false.
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
      WHERE COALESCE(JSON_VALUE(pool, '$.config.shieldedInstanceConfig.enableSecureBoot'), 'false') <> 'true'
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools without secure boot: ', pools, '.')
    ELSE 'Every node pool has secure boot.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
