/*
id: gke_dashboard
title: Kubernetes dashboard is off
description: >
  The dashboard addon must be off. Since version 1.15 there is none.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  The dashboard ran with wide rights and was the way into many clusters.
remediation:
  text: >
    Switch the addon off.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --update-addons=KubernetesDashboard=DISABLED
defaults: >
  addonsConfig.kubernetesDashboard.disabled: false before 1.15; no dashboard since.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.addonsConfig.kubernetesDashboard.disabled') AS disabled,
    SAFE_CAST(REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.currentMasterVersion'), r'^1\.(\d+)') AS INT64) AS minor,
    JSON_VALUE(resource, '$.data.currentMasterVersion') AS version
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN disabled = 'true' THEN 'pass'
    WHEN disabled IS NULL AND minor >= 15 THEN 'pass'
    WHEN disabled IS NULL AND version IS NULL THEN 'unknown'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN disabled = 'true' THEN 'The dashboard is off.'
    WHEN disabled IS NULL AND minor >= 15 THEN CONCAT('Version ', version, ' has no dashboard.')
    WHEN disabled IS NULL AND version IS NULL THEN 'Neither the addon nor the version was reported.'
    ELSE CONCAT('The dashboard is on (version ', COALESCE(version, 'not reported'), ').')
  END AS reason,
  JSON_OBJECT('disabled', disabled, 'version', version) AS evidence
FROM examined
