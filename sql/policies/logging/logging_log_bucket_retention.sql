/*
id: logging_log_bucket_retention
title: Log buckets keep entries long enough
description: >
  A log bucket of Cloud Logging keeps its entries for at least min_days.
severity: low
asset_types: [logging.googleapis.com/LogBucket]
params:
  - {name: min_days, type: INT64, default: 30, description: "Fewest days"}
defaults: >
  retentionDays absent: 30.
rationale: >
  Intrusions are often found weeks later.
remediation:
  text: >
    Raise the retention of the bucket.
  gcloud: |
    gcloud logging buckets update {display_name} --location={location} --project={project_id} --retention-days=365
  terraform: |
    resource "google_logging_project_bucket_config" "{display_name}" {
      retention_days = 365
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(SAFE_CAST(JSON_VALUE(resource, '$.data.retentionDays') AS INT64), 30) AS days
  FROM assets
  WHERE asset_type = 'logging.googleapis.com/LogBucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN days >= @min_days THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN days >= @min_days THEN CONCAT('Entries are kept for ', CAST(days AS STRING), ' days.')
    ELSE CONCAT('Entries are kept for ', CAST(days AS STRING), ' days; expected at least ', CAST(@min_days AS STRING), '.')
  END AS reason,
  TO_JSON(STRUCT(days)) AS evidence
FROM found
