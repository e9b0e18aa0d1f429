/*
title: Runs
description: >
  One page of the runs that pass the filters, newest first.
params:
  - {name: layers, type: "ARRAY<STRING>", default: [], description: Chosen layers; empty is all}
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: Chosen statuses; empty is all}
  - {name: since, type: TIMESTAMP, description: Runs that started from then on}
  - {name: page_size, type: INT64, default: 50, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: run
*/
SELECT
  run_id,
  layer,
  trigger,
  status,
  started_at,
  finished_at,
  sync_duration_seconds,
  items_synced,
  items_failed,
  error_messages,
  hint,
  missed,
  attempt,
  source,
  details
FROM sync_runs
WHERE started_at >= @since
  AND (ARRAY_LENGTH(@layers) = 0 OR layer IN UNNEST(@layers))
  AND (ARRAY_LENGTH(@statuses) = 0 OR status IN UNNEST(@statuses))
ORDER BY started_at DESC, run_id DESC
LIMIT @page_size OFFSET @skip
