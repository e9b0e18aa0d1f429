/*
id: bigquery_table_customer_managed_key
title: Tables are encrypted with a key of your own
description: >
  Tables, snapshots and materialized views are encrypted with a key of Cloud KMS. Views and external
  tables hold no data and are not examined.
severity: medium
asset_types: [bigquery.googleapis.com/Table]
frameworks:
  cis_gcp: {"3.0": "7.2", "4.0": "7.2", "5.0": "7.2"}
defaults: >
  encryptionConfiguration.kmsKeyName absent or empty: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Set the key. Where the service takes it only at creation, make a new one and move the data.
  gcloud: |
    bq cp --destination_kms_key=KEY {project_id}:DATASET.{display_name} {project_id}:DATASET.{display_name}
  terraform: |
    resource "google_bigquery_table" "{display_name}" {
      encryption_configuration {
        kms_key_name = "KEY"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.encryptionConfiguration.kmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'bigquery.googleapis.com/Table'
    AND COALESCE(JSON_VALUE(resource, '$.data.type'), 'TABLE') IN ('TABLE', 'SNAPSHOT', 'MATERIALIZED_VIEW')
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
