/*
id: gke_security_posture
title: Security posture is watched
description: >
  The security posture of the cluster must be on.
severity: low
asset_types: [container.googleapis.com/Cluster]
rationale: >
  It reports workloads with known weaknesses for nothing.
remediation:
  text: >
    Switch it on.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --security-posture=standard
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      security_posture_config {
        mode = "BASIC"
      }
    }
defaults: >
  securityPostureConfig.mode: unspecified: off.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.securityPostureConfig.mode'), 'MODE_UNSPECIFIED') AS mode
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN mode IN ('BASIC', 'ENTERPRISE') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN mode IN ('BASIC', 'ENTERPRISE') THEN CONCAT('Security posture is ', mode, '.')
    ELSE CONCAT('Security posture is ', mode, '.')
  END AS reason,
  JSON_OBJECT('mode', mode) AS evidence
FROM examined
