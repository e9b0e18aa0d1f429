/*
id: gke_binary_authorization
title: Only admitted images run
description: >
  Binary Authorization must be on.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  It refuses images that did not come through the pipeline.
remediation:
  text: >
    Write a policy for the project, then switch it on.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      binary_authorization {
        evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
      }
    }
defaults: >
  binaryAuthorization: off.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.binaryAuthorization.evaluationMode') AS mode,
    JSON_VALUE(resource, '$.data.binaryAuthorization.enabled') AS enabled
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN mode IS NOT NULL AND mode NOT IN ('DISABLED', 'EVALUATION_MODE_UNSPECIFIED') THEN 'pass'
    WHEN enabled = 'true' AND COALESCE(mode, '') <> 'DISABLED' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN mode IS NOT NULL AND mode NOT IN ('DISABLED', 'EVALUATION_MODE_UNSPECIFIED') THEN CONCAT('Binary Authorization is on (', mode, ').')
    WHEN enabled = 'true' AND COALESCE(mode, '') <> 'DISABLED' THEN 'Binary Authorization is on.'
    ELSE 'Binary Authorization is off.'
  END AS reason,
  JSON_OBJECT('evaluationMode', mode, 'enabled', enabled) AS evidence
FROM examined
