/*
id: compute_snapshot_stale
title: Snapshot is not stale
description: >
  A snapshot older than max_age_days fails: nobody restores it, and it holds old data.
severity: low
asset_types: [compute.googleapis.com/Snapshot]
params:
  - {name: max_age_days, type: INT64, default: 90, description: More whole days than this fail}
rationale: >
  Old snapshots cost money and keep data longer than anyone decided.
remediation:
  text: >
    Delete it, or keep snapshots by a schedule with a retention.
  gcloud: |
    gcloud compute snapshots delete {display_name} --project={project_id}
  terraform: |
    resource "google_compute_resource_policy" "daily" {
      snapshot_schedule_policy {
        schedule {
          daily_schedule {
            days_in_cycle = 1
            start_time    = "03:00"
          }
        }
        retention_policy {
          max_retention_days = 30
        }
      }
    }
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    SAFE_CAST(JSON_VALUE(resource, '$.data.creationTimestamp') AS TIMESTAMP) AS since
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Snapshot'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN since IS NULL THEN 'unknown'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_age_days THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN since IS NULL THEN 'Its time was not reported.'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_age_days THEN CONCAT('Age is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, more than ', CAST(@max_age_days AS STRING), '.')
    ELSE CONCAT('Age is ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, at most ', CAST(@max_age_days AS STRING), '.')
  END AS reason,
  JSON_OBJECT('since', CAST(since AS STRING)) AS evidence
FROM examined
