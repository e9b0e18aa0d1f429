/*
title: Rules that fell most
description: >
  Rules whose share of passed assets is lower on the newest day than on the newest day at least so many days before it.
params:
  - {name: since, type: DATE, description: Days before it are not looked at}
  - {name: days, type: INT64, default: 7, description: How far back to compare}
  - {name: top, type: INT64, default: 8, description: How many rules}
grain: policy_id
*/
WITH newest AS (
  SELECT MAX(date) AS day FROM compliance_daily WHERE date >= @since
),
earlier AS (
  SELECT MAX(date) AS day
  FROM compliance_daily
  WHERE date >= @since AND date <= DATE_SUB((SELECT day FROM newest), INTERVAL @days DAY)
)
SELECT
  n.item AS policy_id,
  COALESCE(p.title, n.item) AS title,
  p.severity,
  t.date AS compared_to,
  t.score AS score_then,
  n.score,
  t.failed AS failed_then,
  n.failed
FROM compliance_daily AS n
JOIN compliance_daily AS t ON t.item = n.item AND t.dimension = n.dimension AND t.severity = n.severity
LEFT JOIN policies AS p ON p.policy_id = n.item
WHERE n.date >= @since
  AND t.date >= @since
  AND n.date = (SELECT day FROM newest)
  AND t.date = (SELECT day FROM earlier)
  AND n.dimension = 'policy'
  AND n.severity = 'all'
  AND n.score < t.score
ORDER BY t.score - n.score DESC, n.item
LIMIT @top
