/*
id: project_asset_api_enabled
title: Cloud Asset API is on
description: >
  The Cloud Asset API must be enabled in the project.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks: {cis_gcp: {"3.0": "2.13", "4.0": "2.13", "5.0": "2.14"}}
params:
  - {name: service, type: STRING, default: cloudasset.googleapis.com, description: The API that must be enabled}
rationale: >
  Without it there is no history of what the project had and who could use it.
remediation:
  text: >
    Enable the API.
  gcloud: |
    gcloud services enable cloudasset.googleapis.com --project={project_id}
  terraform: |
    resource "google_project_service" "asset" {
      project = "{project_id}"
      service = "cloudasset.googleapis.com"
    }
defaults: >
  state: an API that is not listed is off.
grain: asset
*/
WITH services AS (
  SELECT
    project_id,
    COUNT(*) AS known,
    MAX(IF(
      REGEXP_EXTRACT(name, r'[^/]+$') = @service AND JSON_VALUE(resource, '$.data.state') = 'ENABLED', 1, 0
    )) AS enabled
  FROM assets
  WHERE asset_type = 'serviceusage.googleapis.com/Service' AND resource IS NOT NULL
  GROUP BY project_id
)
SELECT
  a.name AS asset_name,
  CASE WHEN s.known IS NULL THEN 'unknown' WHEN s.enabled = 1 THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN s.known IS NULL THEN 'The services of the project were not collected.'
    WHEN s.enabled = 1 THEN CONCAT(@service, ' is enabled.')
    ELSE CONCAT(@service, ' is not enabled.')
  END AS reason,
  JSON_OBJECT('servicesSeen', s.known) AS evidence
FROM assets AS a
LEFT JOIN services AS s ON s.project_id = a.project_id
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
