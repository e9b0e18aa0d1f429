/*
id: compute_instance_stopped_long
title: VM is not stopped for long
description: >
  A VM that has been stopped for longer than max_days fails: it is either forgotten or no longer patched.
severity: low
asset_types: [compute.googleapis.com/Instance]
params:
  - {name: max_days, type: INT64, default: 30, description: More whole days than this fail}
rationale: >
  Its disks are paid for, and when it starts again it lacks every update since.
remediation:
  text: >
    Make an image if in doubt, then delete it.
  gcloud: |
    gcloud compute instances delete {display_name} --zone={location} --project={project_id}
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    SAFE_CAST(JSON_VALUE(resource, '$.data.lastStopTimestamp') AS TIMESTAMP) AS since,
    JSON_VALUE(resource, '$.data.status') AS status
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN status NOT IN ('TERMINATED', 'STOPPED', 'SUSPENDED') THEN 'pass'
    WHEN since IS NULL THEN 'unknown'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_days THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN status NOT IN ('TERMINATED', 'STOPPED', 'SUSPENDED') THEN CONCAT('Its state is ', status, '.')
    WHEN since IS NULL THEN 'Its time was not reported.'
    WHEN TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) > @max_days THEN CONCAT('Stopped for ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, more than ', CAST(@max_days AS STRING), '.')
    ELSE CONCAT('Stopped for ', CAST(TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), since, DAY) AS STRING), ' days, at most ', CAST(@max_days AS STRING), '.')
  END AS reason,
  JSON_OBJECT('since', CAST(since AS STRING), 'status', status) AS evidence
FROM examined
