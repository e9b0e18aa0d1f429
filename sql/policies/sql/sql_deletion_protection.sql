/*
id: sql_deletion_protection
title: Cloud SQL instances cannot be deleted by mistake
description: >
  deletionProtectionEnabled is set on primary instances. Read replicas are not examined.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"5.0": "6.9"}
defaults: >
  deletionProtectionEnabled absent: off.
rationale: >
  Deleting an instance deletes its automatic backups with it.
remediation:
  text: >
    Turn deletion protection on. The argument deletion_protection of Terraform guards against Terraform
    only.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --deletion-protection
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      deletion_protection = true
      settings {
        deletion_protection_enabled = true
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.deletionProtectionEnabled'), 'false') AS enabled
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '')
      NOT IN ('ON_PREMISES_INSTANCE', 'READ_REPLICA_INSTANCE')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN enabled = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN enabled = 'true' THEN 'Deletion protection is on.'
    ELSE 'Deletion protection is off.'
  END AS reason,
  TO_JSON(STRUCT(enabled AS deletion_protection)) AS evidence
FROM found
