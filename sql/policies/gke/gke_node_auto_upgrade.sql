/*
id: gke_node_auto_upgrade
title: Nodes upgrade themselves
description: >
  Every node pool must have automatic upgrades.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Nodes that fall behind keep flaws whose fixes are public.
remediation:
  text: >
    Switch automatic upgrades on and set a maintenance window.
  gcloud: |
    gcloud container node-pools update POOL --cluster={display_name} --location={location} --project={project_id} --enable-autoupgrade
  terraform: |
    resource "google_container_node_pool" "pool" {
      management {
        auto_upgrade = true
      }
    }
defaults: >
  nodePools.management.autoUpgrade: false.
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
      WHERE COALESCE(JSON_VALUE(pool, '$.management.autoUpgrade'), 'false') <> 'true'
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools without automatic upgrade: ', pools, '.')
    ELSE 'Every node pool upgrades itself.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
