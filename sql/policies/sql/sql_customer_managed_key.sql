/*
id: sql_customer_managed_key
title: Cloud SQL instances are encrypted with a key of your own
description: >
  The disk of the instance is encrypted with a key of Cloud KMS.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
defaults: >
  diskEncryptionConfiguration absent: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    The key is chosen when an instance is made: make a new one with the key and move the data.
  gcloud: |
    gcloud sql instances create {display_name}-cmek --project={project_id} --region={location} --disk-encryption-key=KEY
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      encryption_key_name = "KEY"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.diskEncryptionConfiguration.kmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kms_key != '' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN kms_key != '' THEN CONCAT('Encrypted with ', kms_key, '.')
    ELSE 'Encrypted with a key that Google manages.'
  END AS reason,
  TO_JSON(STRUCT(kms_key)) AS evidence
FROM found
