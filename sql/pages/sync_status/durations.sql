/*
title: Durations of runs
description: >
  How long the newest finished runs of each layer took, oldest first.
params:
  - {name: since, type: TIMESTAMP, description: Runs that started from then on}
  - {name: runs_per_layer, type: INT64, default: 30, description: Most runs per layer}
grain: layer, run
*/
WITH ranked AS (
  SELECT
    layer,
    started_at,
    sync_duration_seconds,
    ROW_NUMBER() OVER (PARTITION BY layer ORDER BY started_at DESC, run_id DESC) AS newest
  FROM sync_runs
  WHERE started_at >= @since AND sync_duration_seconds IS NOT NULL
)
SELECT layer, started_at, sync_duration_seconds
FROM ranked
WHERE newest <= @runs_per_layer
ORDER BY layer, started_at
