/*
id: gke_node_image
title: Nodes run Container-Optimized OS
description: >
  Every node pool must use one of the images in the list.
severity: low
asset_types: [container.googleapis.com/Cluster]
params:
  - {name: images, type: "ARRAY<STRING>", default: [COS, COS_CONTAINERD], description: "Images that are fine, in capitals; Windows nodes are passed"}
rationale: >
  It has a small surface, a read-only root and is kept by Google.
remediation:
  text: >
    Change the image of the node pool; the nodes are made anew.
  gcloud: |
    gcloud container clusters upgrade {display_name} --node-pool=POOL --image-type=COS_CONTAINERD --location={location} --project={project_id}
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        image_type = "COS_CONTAINERD"
      }
    }
defaults: >
  nodePools.config.imageType: COS_CONTAINERD.
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
      WHERE NOT STARTS_WITH(UPPER(COALESCE(NULLIF(JSON_VALUE(pool, '$.config.imageType'), ''), 'COS_CONTAINERD')), 'WINDOWS')
        AND UPPER(COALESCE(NULLIF(JSON_VALUE(pool, '$.config.imageType'), ''), 'COS_CONTAINERD')) NOT IN UNNEST(@images)
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools with another image: ', pools, '.')
    ELSE 'Every node pool uses an image of the list.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
