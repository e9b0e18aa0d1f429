/*
id: iam_api_key_age
title: API keys are replaced in time
description: >
  API keys that are not deleted are at most max_days old.
severity: medium
asset_types: [apikeys.googleapis.com/Key]
frameworks:
  cis_gcp: {"3.0": "1.15", "4.0": "1.15", "5.0": "1.16"}
params:
  - {name: max_days, type: INT64, default: 90, description: "Highest age in days"}
defaults: >
  createTime absent: the age is not known.
rationale: >
  The longer a key exists, the more copies of it there are.
remediation:
  text: >
    Make a new key, give it to those who need it, then delete the old one.
  gcloud: |
    gcloud services api-keys create --project={project_id} --display-name=NEW
    gcloud services api-keys delete {display_name} --project={project_id}
  terraform: |
    # replace google_apikeys_key "{display_name}" by one with a new name
grain: asset
*/
WITH found AS (
  SELECT
    name,
    SAFE_CAST(JSON_VALUE(resource, '$.data.createTime') AS TIMESTAMP) IS NULL AS unseen,
    SAFE_CAST(JSON_VALUE(resource, '$.data.createTime') AS TIMESTAMP) AS made
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN made >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN made >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY) THEN CONCAT('The key is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old.')
    ELSE CONCAT('The key is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old; expected at most ', CAST(@max_days AS STRING), '.')
  END AS reason,
  TO_JSON(STRUCT(made)) AS evidence
FROM found
