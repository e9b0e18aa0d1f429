/*
title: Errors of syncs
description: >
  Runs that ended within the window told of too many errors, all layers together.
severity: high
remediation: >
  Open Sync status, filter by failed and partial, and begin with the error that most runs share.
params:
  - {name: most, type: INT64, default: 5, description: More errors than this fire}
  - {name: minutes, type: INT64, default: 10, description: Length of the window}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: one row, or none
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
errors AS (
  SELECT
    r.layer,
    IF(r.status = 'failed', GREATEST(COALESCE(ARRAY_LENGTH(r.error_messages), 0), 1), COALESCE(ARRAY_LENGTH(r.error_messages), 0)) AS told
  FROM sync_runs AS r
  CROSS JOIN clock
  WHERE r.started_at >= TIMESTAMP_SUB(clock.now, INTERVAL 30 DAY)
    AND r.finished_at >= TIMESTAMP_SUB(clock.now, INTERVAL @minutes MINUTE)
    AND r.finished_at <= clock.now
)
SELECT
  'all layers' AS subject,
  CONCAT(
    CAST(SUM(told) AS STRING), ' errors within ', CAST(@minutes AS STRING), ' minutes, of ',
    STRING_AGG(DISTINCT layer, ', ' ORDER BY layer), '.'
  ) AS summary,
  JSON_OBJECT('page', 'sync_status') AS link
FROM errors
WHERE told > 0
HAVING SUM(told) > @most
