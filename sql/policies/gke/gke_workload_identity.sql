/*
id: gke_workload_identity
title: Pods have identities of their own
description: >
  Workload Identity must be on. Autopilot clusters always have it.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Otherwise every pod has the rights of its node.
remediation:
  text: >
    Switch it on for the cluster, then for each node pool.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --workload-pool={project_id}.svc.id.goog
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      workload_identity_config {
        workload_pool = "{project_id}.svc.id.goog"
      }
    }
defaults: >
  workloadIdentityConfig.workloadPool: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.autopilot.enabled'), 'false') AS autopilot,
    COALESCE(JSON_VALUE(resource, '$.data.workloadIdentityConfig.workloadPool'), JSON_VALUE(resource, '$.data.workloadIdentityConfig.identityNamespace')) AS pool
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(pool, '') <> '' THEN 'pass'
    WHEN autopilot = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN COALESCE(pool, '') <> '' THEN CONCAT('Workload Identity is on (', pool, ').')
    WHEN autopilot = 'true' THEN 'Autopilot: Workload Identity is always on.'
    ELSE 'Workload Identity is off.'
  END AS reason,
  JSON_OBJECT('workloadPool', pool, 'autopilot', autopilot) AS evidence
FROM examined
