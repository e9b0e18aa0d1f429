/*
id: gke_alpha_features
title: Cluster has no alpha features
description: >
  Alpha features must be off.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Alpha clusters get no updates and are deleted after 30 days.
remediation:
  text: >
    Make a new cluster without them.
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      enable_kubernetes_alpha = false
    }
defaults: >
  enableKubernetesAlpha: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.enableKubernetesAlpha'), 'false') AS setting
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN setting = 'true' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN setting = 'true' THEN 'Alpha features are on.'
    ELSE 'Alpha features are off.'
  END AS reason,
  JSON_OBJECT('enableKubernetesAlpha', setting) AS evidence
FROM examined
