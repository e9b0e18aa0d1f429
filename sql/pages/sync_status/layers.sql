/*
title: Layers
description: >
  What is known of each layer now: its newest run, what that run took in, when data last came in, and whether it is
  older than its target. A layer that never ran has no status.
params:
  - {name: now, type: TIMESTAMP, default: null, description: The instant to measure ages at; null is the present}
grain: layer
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
runs AS (
  SELECT
    r.*,
    ROW_NUMBER() OVER (PARTITION BY r.layer ORDER BY r.started_at DESC, r.run_id DESC) AS newest,
    ROW_NUMBER() OVER (
      PARTITION BY r.layer, r.status = 'in_progress' ORDER BY r.started_at DESC, r.run_id DESC
    ) AS newest_finished,
    ROW_NUMBER() OVER (
      PARTITION BY r.layer, r.status IN ('success', 'partial') ORDER BY r.finished_at DESC, r.run_id DESC
    ) AS newest_good
  FROM sync_runs AS r
  WHERE r.started_at >= TIMESTAMP_SUB((SELECT now FROM clock), INTERVAL 400 DAY)
)
SELECT
  s.layer,
  s.title,
  s.configured,
  s.reason,
  s.source,
  s.schedule,
  latest.status,
  good.finished_at AS last_sync,
  s.next_sync,
  COALESCE(finished.items_synced, 0) AS items_synced,
  COALESCE(finished.items_failed, 0) AS items_failed,
  finished.error_messages,
  finished.hint,
  finished.missed,
  finished.sync_duration_seconds,
  latest.run_id,
  latest.trigger,
  latest.started_at,
  latest.attempt,
  latest.details,
  s.freshness_target_seconds,
  TIMESTAMP_DIFF(clock.now, good.finished_at, SECOND) AS freshness_seconds,
  CASE
    WHEN NOT s.configured OR s.freshness_target_seconds IS NULL THEN NULL
    WHEN good.finished_at IS NULL THEN TRUE
    ELSE TIMESTAMP_DIFF(clock.now, good.finished_at, SECOND) > s.freshness_target_seconds
  END AS stale,
  s.sidecar_seen
FROM layer_status AS s
CROSS JOIN clock
LEFT JOIN runs AS latest ON latest.layer = s.layer AND latest.newest = 1
LEFT JOIN runs AS finished
  ON finished.layer = s.layer AND finished.status != 'in_progress' AND finished.newest_finished = 1
LEFT JOIN runs AS good
  ON good.layer = s.layer AND good.status IN ('success', 'partial') AND good.newest_good = 1
ORDER BY s.layer
