/*
title: Runs by layer and status
description: How many runs of each layer ended how, with the items they took in and the time they took.
grain: layer, status
*/
SELECT
  layer,
  status,
  COUNT(*) AS runs,
  COALESCE(SUM(items_synced), 0) AS items_synced,
  COALESCE(SUM(items_failed), 0) AS items_failed,
  COALESCE(SUM(sync_duration_seconds), 0.0) AS seconds
FROM sync_runs
WHERE started_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 400 DAY)
GROUP BY layer, status
ORDER BY layer, status
