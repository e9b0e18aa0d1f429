/*
title: Figures of each day
description: >
  One row per day that has a count of assets. The cost is null on days without billing data, and where several
  currencies would have to be added. Violations and score are null on days on which no rule was run.
params:
  - {name: first_day, type: DATE, description: First day}
  - {name: last_day, type: DATE, description: Last day}
grain: date
*/
WITH counted AS (
  SELECT date, SUM(resources) AS total_resources
  FROM resources_daily
  WHERE date BETWEEN @first_day AND @last_day
  GROUP BY date
),
costs AS (
  SELECT
    date,
    CASE WHEN COUNT(DISTINCT currency) = 1 THEN CAST(SUM(net_cost) AS FLOAT64) END AS total_cost
  FROM daily_costs
  WHERE date BETWEEN @first_day AND @last_day
  GROUP BY date
),
judged AS (
  SELECT date, SUM(passed) AS passed, SUM(failed) AS failed
  FROM compliance_daily
  WHERE date BETWEEN @first_day AND @last_day
    AND dimension = 'all'
    AND severity <> 'all'
  GROUP BY date
),
open_findings AS (
  SELECT j.date, COUNT(DISTINCT v.asset_name) AS resources_with_violations
  FROM judged AS j
  LEFT JOIN violations AS v
    ON v.status = 'fail'
    AND v.waived_until IS NULL
    AND DATE(v.first_seen) <= j.date
    AND (v.resolved_at IS NULL OR DATE(v.resolved_at) > j.date)
  GROUP BY j.date
)
SELECT
  c.date,
  'assets' AS source,
  c.total_resources,
  f.resources_with_violations,
  m.total_cost,
  CASE WHEN j.passed + j.failed > 0 THEN j.passed / (j.passed + j.failed) END AS avg_compliance_score
FROM counted AS c
LEFT JOIN costs AS m ON m.date = c.date
LEFT JOIN judged AS j ON j.date = c.date
LEFT JOIN open_findings AS f ON f.date = c.date
ORDER BY c.date
