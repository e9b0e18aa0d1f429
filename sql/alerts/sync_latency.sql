/*
title: Sync latency
description: >
  The newest run of a layer took too long, or one under way already does.
severity: medium
remediation: >
  Compare the durations on Sync status: one long run may be a first filling or a large change. If they grow, read less
  (asset types, scope), or give the sidecar more memory and threads.
params:
  - {name: most_seconds, type: INT64, default: 300, description: Duration above which it fires}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: layer
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
runs AS (
  SELECT
    r.layer,
    r.status,
    r.run_id,
    COALESCE(r.sync_duration_seconds, TIMESTAMP_DIFF(clock.now, r.started_at, SECOND)) AS seconds,
    ROW_NUMBER() OVER (PARTITION BY r.layer ORDER BY r.started_at DESC, r.run_id DESC) AS newest
  FROM sync_runs AS r
  CROSS JOIN clock
  WHERE r.started_at >= TIMESTAMP_SUB(clock.now, INTERVAL 30 DAY) AND r.started_at <= clock.now
)
SELECT
  r.layer AS subject,
  CONCAT(
    s.title, IF(r.status = 'in_progress', ': a run has been under way for ', ': the newest run took '),
    CAST(DIV(CAST(r.seconds AS INT64), 60) AS STRING), ' min, more than ', CAST(@most_seconds AS STRING), ' s.'
  ) AS summary,
  JSON_OBJECT('page', 'sync_status', 'layer', r.layer) AS link
FROM runs AS r
JOIN layer_status AS s ON s.layer = r.layer AND s.configured
WHERE r.newest = 1 AND r.seconds > @most_seconds
ORDER BY subject
