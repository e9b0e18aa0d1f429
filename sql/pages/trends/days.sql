/*
title: Days with figures
description: >
  The first and the last day that were counted.
params:
  - {name: since, type: DATE, description: Earliest day to look at}
grain: one row
*/
SELECT MIN(date) AS first_day, MAX(date) AS last_day, COUNT(DISTINCT date) AS days
FROM resources_daily
WHERE date >= @since
