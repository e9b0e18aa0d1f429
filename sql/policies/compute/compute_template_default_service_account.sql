/*
id: compute_template_default_service_account
title: Instance template does not use the default service account
description: >
  The service account of an instance template should be one of its own, or none.
severity: medium
asset_types: [compute.googleapis.com/InstanceTemplate]
rationale: >
  Every machine made from the template shares the rights of the default account, often Editor.
remediation:
  text: >
    Make a new template with an account of its own.
  gcloud: |
    gcloud compute instance-templates create NEW-TEMPLATE --project={project_id} --service-account=NAME@{project_id}.iam.gserviceaccount.com
  terraform: |
    resource "google_compute_instance_template" "{display_name}" {
      service_account {
        email  = google_service_account.own.email
        scopes = ["cloud-platform"]
      }
    }
defaults: >
  properties.serviceAccounts: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT MAX(JSON_VALUE(account, '$.email'))
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.properties.serviceAccounts')) AS account
      WHERE JSON_VALUE(account, '$.email') = 'default'
        OR REGEXP_CONTAINS(JSON_VALUE(account, '$.email'), r'^\d+-compute@developer\.gserviceaccount\.com$')
    ) AS account
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/InstanceTemplate'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND account IS NOT NULL THEN 'pass'
    WHEN account IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND account IS NOT NULL THEN 'A template made by GKE: the rules of its cluster judge it.'
    WHEN account IS NOT NULL THEN CONCAT('Gives its machines the default service account (', account, ').')
    ELSE 'Does not give the default service account.'
  END AS reason,
  JSON_OBJECT('serviceAccount', account) AS evidence
FROM examined
