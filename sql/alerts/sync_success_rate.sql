/*
title: Sync success rate
description: >
  Too few of a layer's runs that ended within the window succeeded; where none ended in it, its newest one counts. A
  run that saw only part of its scope did not succeed; records that were not understood alone do not count against
  it: they are dead letters and have a rule of their own.
severity: high
remediation: >
  Open Sync status: the run names what went wrong and what to do. `python -m sync_jobs doctor` checks settings,
  rights and APIs.
params:
  - {name: least, type: FLOAT64, default: 0.95, description: Rate below which it fires}
  - {name: minutes, type: INT64, default: 5, description: Length of the window}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: layer
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
ended AS (
  SELECT
    r.layer,
    r.status,
    r.error_messages,
    r.items_failed,
    COALESCE(ARRAY_LENGTH(r.missed), 0) AS missed,
    r.finished_at,
    r.finished_at >= TIMESTAMP_SUB(clock.now, INTERVAL @minutes MINUTE) AS inside,
    ROW_NUMBER() OVER (PARTITION BY r.layer ORDER BY r.finished_at DESC, r.run_id DESC) AS newest
  FROM sync_runs AS r
  CROSS JOIN clock
  WHERE r.started_at >= TIMESTAMP_SUB(clock.now, INTERVAL 30 DAY) AND r.finished_at <= clock.now
),
rates AS (
  SELECT
    layer,
    COUNT(*) AS runs,
    COUNTIF(status = 'success' OR (status = 'partial' AND items_failed > 0 AND missed = 0)) AS succeeded,
    COUNTIF(inside) AS inside,
    MAX(IF(newest = 1, ARRAY_TO_STRING(error_messages, ' '), NULL)) AS error
  FROM ended
  WHERE inside OR newest = 1
  GROUP BY layer
)
SELECT
  r.layer AS subject,
  CONCAT(
    s.title, ': ', CAST(r.succeeded AS STRING), ' of ', CAST(r.runs AS STRING),
    IF(r.inside > 0, CONCAT(' runs of the last ', CAST(@minutes AS STRING), ' minutes succeeded.'), ' newest runs succeeded.'),
    IF(r.error IS NULL OR r.error = '', '', CONCAT(' ', SUBSTR(r.error, 1, 300)))
  ) AS summary,
  JSON_OBJECT('page', 'sync_status', 'layer', r.layer) AS link
FROM rates AS r
JOIN layer_status AS s ON s.layer = r.layer AND s.configured
WHERE r.succeeded < @least * r.runs
ORDER BY subject
