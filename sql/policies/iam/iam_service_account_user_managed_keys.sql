/*
id: iam_service_account_user_managed_keys
title: Service accounts carry no user-managed keys
description: >
  No key of a service account is of type USER_MANAGED. Disabled keys count: they can be enabled again.
severity: high
asset_types: [iam.googleapis.com/ServiceAccountKey]
frameworks:
  cis_gcp: {"3.0": "1.4", "4.0": "1.4", "5.0": "1.5"}
defaults: >
  keyType absent: not known.
rationale: >
  A key is a file: it is copied, mailed and committed, and works for whoever has it.
remediation:
  text: >
    Let the program sign in with an attached service account or workload identity federation, then delete
    the key.
  gcloud: |
    gcloud iam service-accounts keys delete {display_name} --project={project_id} --iam-account=ACCOUNT
  terraform: |
    # remove google_service_account_key for this account; use google_iam_workload_identity_pool_provider instead
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_VALUE(resource, '$.data.keyType') IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.keyType') AS key_type,
    JSON_VALUE(resource, '$.data.validAfterTime') AS made,
    COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') AS disabled
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/ServiceAccountKey'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN key_type != 'USER_MANAGED' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The type of the key was not reported.'
    WHEN key_type != 'USER_MANAGED' THEN CONCAT('The key is ', key_type, '.')
    ELSE CONCAT('The key is USER_MANAGED', IF(disabled = 'true', ', though disabled', ''), COALESCE(CONCAT(', made ', made), ''), '.')
  END AS reason,
  TO_JSON(STRUCT(key_type, made, disabled)) AS evidence
FROM found
