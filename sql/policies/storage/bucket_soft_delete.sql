/*
id: bucket_soft_delete
title: Deleted objects can be brought back
description: >
  The soft delete policy keeps deleted objects for at least min_days.
severity: low
asset_types: [storage.googleapis.com/Bucket]
params:
  - {name: min_days, type: INT64, default: 7, description: "Fewest days that deleted objects are kept"}
defaults: >
  softDeletePolicy absent, or a duration of 0: deleted objects are gone at once.
rationale: >
  Deletion by mistake or by malice is final otherwise.
remediation:
  text: >
    Set a soft delete duration.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --soft-delete-duration=7d
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      soft_delete_policy {
        retention_duration_seconds = 604800
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(SAFE_CAST(JSON_VALUE(resource, '$.data.softDeletePolicy.retentionDurationSeconds') AS INT64), 0) AS seconds
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN seconds >= @min_days * 86400 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN seconds >= @min_days * 86400 THEN CONCAT('Deleted objects are kept for ', CAST(seconds AS STRING), ' seconds.')
    ELSE CONCAT('Deleted objects are kept for ', CAST(seconds AS STRING), ' seconds; expected ', CAST(@min_days AS STRING), ' days.')
  END AS reason,
  TO_JSON(STRUCT(seconds)) AS evidence
FROM found
