/*
title: Number of runs
description: >
  How many runs pass the filters, and how many of them ended well, in part or not.
params:
  - {name: layers, type: "ARRAY<STRING>", default: [], description: Chosen layers; empty is all}
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: Chosen statuses; empty is all}
  - {name: since, type: TIMESTAMP, description: Runs that started from then on}
grain: one row
*/
SELECT
  COUNT(*) AS runs,
  COUNTIF(status = 'success') AS succeeded,
  COUNTIF(status = 'partial') AS partly,
  COUNTIF(status = 'failed') AS failed,
  COUNTIF(status = 'in_progress') AS in_progress
FROM sync_runs
WHERE started_at >= @since
  AND (ARRAY_LENGTH(@layers) = 0 OR layer IN UNNEST(@layers))
  AND (ARRAY_LENGTH(@statuses) = 0 OR status IN UNNEST(@statuses))
