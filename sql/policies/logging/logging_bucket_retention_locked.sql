/*
id: logging_bucket_retention_locked
title: Buckets that receive logs lock their retention
description: >
  A bucket of Cloud Storage to which a sink writes has a retention policy that is locked. A bucket that is
  not in the inventory is reported on its sink, as unknown.
severity: high
asset_types: [storage.googleapis.com/Bucket, logging.googleapis.com/LogSink]
frameworks:
  cis_gcp: {"3.0": "2.3", "4.0": "2.3", "5.0": "2.4"}
params:
  - {name: min_days, type: INT64, default: 0, description: "Shortest retention in days; 0: any"}
defaults: >
  retentionPolicy absent: none. isLocked absent: false.
rationale: >
  Logs that an intruder can delete prove nothing.
remediation:
  text: >
    Set a retention period, then lock it. A lock cannot be undone.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --retention-period=365d
    gcloud storage buckets update gs://{display_name} --lock-retention-period
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      retention_policy {
        retention_period = 31536000
        is_locked        = true
      }
    }
grain: asset
*/
WITH targets AS (
  SELECT
    REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.destination'), r'^storage\.googleapis\.com/([^/]+)') AS bucket,
    MIN(name) AS sink_name
  FROM assets
  WHERE asset_type = 'logging.googleapis.com/LogSink'
    AND STARTS_WITH(JSON_VALUE(resource, '$.data.destination'), 'storage.googleapis.com/')
  GROUP BY bucket
),
found AS (
  SELECT
    COALESCE(b.name, t.sink_name) AS name,
    t.bucket,
    b.name IS NULL OR JSON_QUERY(b.resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(b.resource, '$.data.retentionPolicy.isLocked'), 'false') AS locked,
    COALESCE(
      SAFE_CAST(JSON_VALUE(b.resource, '$.data.retentionPolicy.retentionPeriod') AS INT64), 0
    ) AS seconds
  FROM targets AS t
  LEFT JOIN assets AS b
    ON b.name = CONCAT('//storage.googleapis.com/', t.bucket) AND b.asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN LOGICAL_OR(unseen) THEN 'unknown'
    WHEN LOGICAL_AND(locked = 'true' AND seconds > 0 AND seconds >= @min_days * 86400) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN LOGICAL_OR(unseen) THEN CONCAT('The bucket ', MIN(bucket), ', which receives logs, was not collected.')
    ELSE CONCAT(
      'Logs are kept for ', CAST(MIN(seconds) AS STRING), ' seconds; the retention is ',
      IF(LOGICAL_AND(locked = 'true'), 'locked', 'not locked'), '.'
    )
  END AS reason,
  JSON_OBJECT('bucket', MIN(bucket), 'locked', MIN(locked), 'seconds', MIN(seconds)) AS evidence
FROM found
GROUP BY name
