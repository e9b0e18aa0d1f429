/*
title: First day without figures
description: The first day that has a count of assets but no figures yet, up to the last day asked for; null when none is.
params:
  - {name: last_day, type: DATE, description: Last day}
grain: one row
*/
SELECT MIN(r.date) AS first_day
FROM resources_daily AS r
LEFT JOIN daily_metrics AS m ON m.date = r.date AND m.source = 'assets'
WHERE r.date BETWEEN DATE_SUB(@last_day, INTERVAL 800 DAY) AND @last_day
  AND m.date IS NULL
