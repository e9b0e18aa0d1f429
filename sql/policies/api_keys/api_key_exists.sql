/*
id: api_key_exists
title: API keys exist only where they are needed
description: >
  Every API key fails, unless its project is named as one that needs keys. Deleted keys are not examined.
severity: low
asset_types: [apikeys.googleapis.com/Key]
frameworks: {cis_gcp: {"3.0": "1.12", "4.0": "1.12", "5.0": "1.13"}}
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Projects that need API keys}
rationale: >
  A key is a password without a person: it is copied into code and seldom changed.
remediation:
  text: >
    Use a service account or the identity of the workload instead; name the projects that cannot.
  gcloud: |
    gcloud services api-keys delete {name} --project={project_id}
covers: >
  Whether a key is needed is a judgement: the list of projects states it.
defaults: >
  deleteTime: absent while the key works.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    project_id AS project
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN project IN UNNEST(@projects) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN project IN UNNEST(@projects) THEN CONCAT('The project ', project, ' may have API keys.')
    ELSE 'An API key that no list of needed keys names.'
  END AS reason,
  JSON_OBJECT('project', project) AS evidence
FROM examined
