/*
id: bigquery_dataset_default_key
title: Datasets have a default key of your own
description: >
  The dataset has a default key of Cloud KMS, so that new tables are encrypted with it.
severity: medium
asset_types: [bigquery.googleapis.com/Dataset]
frameworks:
  cis_gcp: {"3.0": "7.3", "4.0": "7.3", "5.0": "7.3"}
defaults: >
  defaultEncryptionConfiguration.kmsKeyName absent or empty: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Set the key. Where the service takes it only at creation, make a new one and move the data.
  gcloud: |
    bq update --default_kms_key=KEY {project_id}:{display_name}
  terraform: |
    resource "google_bigquery_dataset" "{display_name}" {
      default_encryption_configuration {
        kms_key_name = "KEY"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.defaultEncryptionConfiguration.kmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'bigquery.googleapis.com/Dataset'
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
