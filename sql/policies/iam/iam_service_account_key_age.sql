/*
id: iam_service_account_key_age
title: Keys of service accounts are replaced in time
description: >
  User-managed keys of service accounts are at most max_days old.
severity: medium
asset_types: [iam.googleapis.com/ServiceAccountKey]
frameworks:
  cis_gcp: {"3.0": "1.7", "4.0": "1.7", "5.0": "1.8"}
params:
  - {name: max_days, type: INT64, default: 90, description: "Highest age in days"}
defaults: >
  validAfterTime absent: the age is not known.
rationale: >
  The longer a key exists, the more copies of it there are.
remediation:
  text: >
    Make a new key, give it to those who need it, then delete the old one.
  gcloud: |
    gcloud iam service-accounts keys create key.json --project={project_id} --iam-account=ACCOUNT
    gcloud iam service-accounts keys delete {display_name} --project={project_id} --iam-account=ACCOUNT
  terraform: |
    # replace google_service_account_key: keepers = { rotated = "NEW VALUE" }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    SAFE_CAST(JSON_VALUE(resource, '$.data.validAfterTime') AS TIMESTAMP) IS NULL AS unseen,
    SAFE_CAST(JSON_VALUE(resource, '$.data.validAfterTime') AS TIMESTAMP) AS made
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/ServiceAccountKey'
    AND COALESCE(JSON_VALUE(resource, '$.data.keyType'), 'USER_MANAGED') = 'USER_MANAGED'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN made >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'When the key was made was not reported.'
    WHEN made >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL @max_days DAY) THEN CONCAT('The key is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old.')
    ELSE CONCAT('The key is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), made, DAY) AS STRING), ' days old; expected at most ', CAST(@max_days AS STRING), '.')
  END AS reason,
  TO_JSON(STRUCT(made)) AS evidence
FROM found
