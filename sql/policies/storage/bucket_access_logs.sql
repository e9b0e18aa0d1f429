/*
id: bucket_access_logs
title: Buckets write usage logs
description: >
  The bucket writes usage logs to another bucket. Switch this rule off where data access audit logs of
  Cloud Storage are on: they tell the same and more.
severity: low
asset_types: [storage.googleapis.com/Bucket]
defaults: >
  logging.logBucket absent: no usage logs.
rationale: >
  Without them nobody can say who read an object.
remediation:
  text: >
    Name a bucket for the logs.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --log-bucket=gs://LOG_BUCKET
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      logging {
        log_bucket = "LOG_BUCKET"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.logging.logBucket'), '') AS log_bucket
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN log_bucket != '' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN log_bucket != '' THEN CONCAT('Usage logs go to ', log_bucket, '.')
    ELSE 'No usage logs are written.'
  END AS reason,
  TO_JSON(STRUCT(log_bucket)) AS evidence
FROM found
