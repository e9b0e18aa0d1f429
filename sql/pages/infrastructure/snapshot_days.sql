/*
title: Days with a snapshot
description: >
  The first and last day with a snapshot, and the last one up to the chosen day; null where there is none.
params:
  - {name: day, type: DATE, description: Chosen day}
  - {name: since, type: DATE, description: Earliest day to look at}
grain: one row
*/
SELECT
  MAX(IF(date <= @day, date, NULL)) AS shown_day,
  MIN(date) AS first_day,
  MAX(date) AS last_day
FROM asset_snapshots
WHERE date >= @since
