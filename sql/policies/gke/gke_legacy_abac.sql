/*
id: gke_legacy_abac
title: Cluster has no legacy authorisation
description: >
  Attribute-based access control must be off: it gives every service account of the cluster wide rights that
  RBAC cannot take back.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  A pod that is taken over can then read every secret of the cluster.
remediation:
  text: >
    Check that RBAC roles cover what runs, then switch it off.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --no-enable-legacy-authorization
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      enable_legacy_abac = false
    }
defaults: >
  legacyAbac.enabled: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.legacyAbac.enabled'), 'false') AS setting
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
    WHEN setting = 'true' THEN 'Legacy authorisation is on.'
    ELSE 'Legacy authorisation is off.'
  END AS reason,
  JSON_OBJECT('legacyAbac', setting) AS evidence
FROM examined
