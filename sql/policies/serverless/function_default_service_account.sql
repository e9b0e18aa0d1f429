/*
id: function_default_service_account
title: Functions have a service account of their own
description: >
  The function does not run as the default account of App Engine or Compute Engine.
severity: medium
asset_types: [cloudfunctions.googleapis.com/CloudFunction, cloudfunctions.googleapis.com/Function]
defaults: >
  serviceAccountEmail absent: the default service account.
rationale: >
  The default accounts are shared by all that runs in the project, and often may edit all of it.
remediation:
  text: >
    Make a service account with the roles this function needs.
  gcloud: |
    gcloud functions deploy {display_name} --project={project_id} --region={location} --run-service-account=ACCOUNT
  terraform: |
    resource "google_cloudfunctions2_function" "{display_name}" {
      service_config {
        service_account_email = "ACCOUNT"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.serviceConfig.serviceAccountEmail'), JSON_VALUE(resource, '$.data.serviceAccountEmail'), '') AS account
  FROM assets
  WHERE asset_type IN ('cloudfunctions.googleapis.com/CloudFunction', 'cloudfunctions.googleapis.com/Function')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN account != '' AND NOT REGEXP_CONTAINS(account, r'(-compute@developer|@appspot)\.gserviceaccount\.com$') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN account != '' AND NOT REGEXP_CONTAINS(account, r'(-compute@developer|@appspot)\.gserviceaccount\.com$') THEN CONCAT('Runs as ', account, '.')
    ELSE CONCAT('Runs as ', IF(account = '', 'the default service account', account), '.')
  END AS reason,
  TO_JSON(STRUCT(account)) AS evidence
FROM found
