/*
id: compute_disk_unattached
title: Disk is attached
description: >
  A disk that no VM has used for longer than max_days fails. It counts from when it was detached or, if it
  never was attached, from when it was made.
severity: low
asset_types: [compute.googleapis.com/Disk, compute.googleapis.com/RegionDisk]
params:
  - {name: max_days, type: INT64, default: 30, description: More whole days than this fail}
rationale: >
  A forgotten disk costs money and holds data that nobody watches.
remediation:
  text: >
    Snapshot it if in doubt, then delete it.
  gcloud: |
    gcloud compute disks delete {display_name} --zone={location} --project={project_id}
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    SAFE_CAST(COALESCE(JSON_VALUE(resource, '$.data.lastDetachTimestamp'), JSON_VALUE(resource, '$.data.creationTimestamp')) AS TIMESTAMP) AS since,
    ARRAY_LENGTH(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(resource, '$.data.users'), JSON_QUERY(resource, '$.data.user')), '$')) AS users
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/Disk', 'compute.googleapis.com/RegionDisk')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN users > 0 THEN 'pass'
    WHEN since IS NULL THEN 'unknown'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_days THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN users > 0 THEN CONCAT('Attached to ', CAST(users AS STRING), ' VM.')
    WHEN since IS NULL THEN 'Its time was not reported.'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_days THEN CONCAT('Unattached for ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, more than ', CAST(@max_days AS STRING), '.')
    ELSE CONCAT('Unattached for ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, at most ', CAST(@max_days AS STRING), '.')
  END AS reason,
  JSON_OBJECT('since', CAST(since AS STRING), 'users', users) AS evidence
FROM examined
