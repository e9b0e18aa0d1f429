/*
id: iam_api_keys_exist
title: API keys exist only where they are needed
description: >
  API keys that are not deleted exist only in the projects of the list allowed_projects.
severity: low
asset_types: [apikeys.googleapis.com/Key]
frameworks:
  cis_gcp: {"3.0": "1.12", "4.0": "1.12", "5.0": "1.13"}
params:
  - {name: allowed_projects, type: "ARRAY<STRING>", default: [], description: "Ids of projects that need API keys"}
defaults: >
  deleteTime absent: the key is in use.
covers: >
  Whether a service needs a key is your judgement: it goes into allowed_projects.
rationale: >
  A key names no one: whoever finds it can use it.
remediation:
  text: >
    Let programs sign in with a service account, then delete the key.
  gcloud: |
    gcloud services api-keys delete {display_name} --project={project_id}
  terraform: |
    # remove google_apikeys_key "{display_name}"
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    project_id
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(project_id, '') IN UNNEST(@allowed_projects) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN COALESCE(project_id, '') IN UNNEST(@allowed_projects) THEN CONCAT('Project ', project_id, ' may have API keys.')
    ELSE CONCAT('Project ', COALESCE(project_id, 'unknown'), ' has an API key and is not on the list of those that need one.')
  END AS reason,
  TO_JSON(STRUCT(project_id)) AS evidence
FROM found
