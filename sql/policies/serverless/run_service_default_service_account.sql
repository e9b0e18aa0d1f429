/*
id: run_service_default_service_account
title: Cloud Run services have a service account of their own
description: >
  The service does not run as the default account of Compute Engine.
severity: medium
asset_types: [run.googleapis.com/Service]
defaults: >
  serviceAccountName absent: the default service account.
rationale: >
  The default account is shared by all that runs in the project, and often may edit all of it.
remediation:
  text: >
    Make a service account with the roles this service needs.
  gcloud: |
    gcloud run services update {display_name} --project={project_id} --region={location} --service-account=ACCOUNT
  terraform: |
    resource "google_cloud_run_v2_service" "{display_name}" {
      template {
        service_account = "ACCOUNT"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.spec.template.spec.serviceAccountName'), JSON_VALUE(resource, '$.data.template.serviceAccount'), '') AS account
  FROM assets
  WHERE asset_type = 'run.googleapis.com/Service'
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
