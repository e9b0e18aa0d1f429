/*
id: api_key_rotation
title: API key is not old
description: >
  A key older than max_age_days fails. Deleted keys are not examined.
severity: medium
asset_types: [apikeys.googleapis.com/Key]
frameworks: {cis_gcp: {"3.0": "1.15", "4.0": "1.15", "5.0": "1.16"}}
params:
  - {name: max_age_days, type: INT64, default: 90, description: More whole days than this fail}
rationale: >
  The older a key, the more copies of it there are.
remediation:
  text: >
    Make a new key, change the application, delete the old one.
  gcloud: |
    gcloud services api-keys create --project={project_id} --display-name=NEW
defaults: >
  deleteTime: absent while the key works.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    SAFE_CAST(JSON_VALUE(resource, '$.data.createTime') AS TIMESTAMP) AS made
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN made IS NULL THEN 'unknown'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) > @max_age_days THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN made IS NULL THEN 'When it was made was not reported.'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) > @max_age_days THEN CONCAT('Is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old, more than ', CAST(@max_age_days AS STRING), '.')
    ELSE CONCAT('Is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old.')
  END AS reason,
  JSON_OBJECT('createTime', CAST(made AS STRING)) AS evidence
FROM examined
