/*
title: Compliance now and a week before, by severity
description: >
  The newest day that was judged, and beside it the newest day at least so many days before it, for all severities
  together and for each. Null where there is no such day.
params:
  - {name: since, type: DATE, description: Days before it are not looked at}
  - {name: days, type: INT64, default: 7, description: How far back to compare}
  - {name: dimension, type: STRING, default: all, description: "all, project, folder, policy, framework or control"}
  - {name: item, type: STRING, default: "", description: Which; empty for all}
grain: severity
*/
WITH newest AS (
  SELECT MAX(date) AS day FROM compliance_daily WHERE date >= @since
),
earlier AS (
  SELECT MAX(date) AS day
  FROM compliance_daily
  WHERE date >= @since AND date <= DATE_SUB((SELECT day FROM newest), INTERVAL @days DAY)
),
rows_now AS (
  SELECT *
  FROM compliance_daily
  WHERE date >= @since AND date = (SELECT day FROM newest) AND dimension = @dimension AND item = @item
),
rows_then AS (
  SELECT *
  FROM compliance_daily
  WHERE date >= @since AND date = (SELECT day FROM earlier) AND dimension = @dimension AND item = @item
)
SELECT
  n.severity,
  n.date,
  n.passed,
  n.failed,
  n.waived,
  n.`unknown`,
  n.score,
  (SELECT day FROM earlier) AS compared_to,
  t.failed AS failed_then,
  t.`unknown` AS unknown_then,
  t.score AS score_then
FROM rows_now AS n
LEFT JOIN rows_then AS t ON t.severity = n.severity
ORDER BY CASE n.severity WHEN 'all' THEN 0 WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END
