/*
id: bucket_customer_managed_key
title: Buckets encrypt with a key of your own
description: >
  The bucket has a default key of Cloud KMS.
severity: low
asset_types: [storage.googleapis.com/Bucket]
defaults: >
  encryption.defaultKmsKeyName absent: a key managed by Google.
covers: >
  Objects written before the key was set keep their old key.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Set the default key, then rewrite the objects that are there.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --default-encryption-key=KEY
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      encryption {
        default_kms_key_name = "KEY"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.encryption.defaultKmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
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
    WHEN kms_key != '' THEN CONCAT('New objects are encrypted with ', kms_key, '.')
    ELSE 'New objects are encrypted with a key that Google manages.'
  END AS reason,
  TO_JSON(STRUCT(kms_key)) AS evidence
FROM found
