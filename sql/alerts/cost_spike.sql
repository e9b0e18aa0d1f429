/*
title: Cost spike
description: >
  On one of the last days with billing data a project cost much more than on an average day of the four weeks before.
  The newest day may still grow.
severity: medium
remediation: >
  Open the cost of the project by service and SKU for that day, and what changed in it then.
params:
  - {name: factor, type: FLOAT64, default: 1.5, description: Times the average above which it fires}
  - {name: least_amount, type: FLOAT64, default: 50.0, description: Amount above the average below which nothing fires}
  - {name: days, type: INT64, default: 2, description: Newest days with data that are looked at}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: project, currency, day
*/
WITH clock AS (
  SELECT DATE(COALESCE(@now, CURRENT_TIMESTAMP())) AS today
),
per_day AS (
  SELECT c.date, c.project_id, c.currency, SUM(CAST(c.net_cost AS FLOAT64)) AS cost
  FROM daily_costs AS c
  CROSS JOIN clock
  WHERE c.date >= DATE_SUB(clock.today, INTERVAL 40 DAY)
  GROUP BY c.date, c.project_id, c.currency
),
newest AS (
  SELECT MAX(date) AS day FROM per_day
),
looked AS (
  SELECT p.date, p.project_id, p.currency, p.cost
  FROM per_day AS p
  CROSS JOIN newest
  WHERE p.date > DATE_SUB(newest.day, INTERVAL @days DAY)
),
compared AS (
  SELECT l.date, l.project_id, l.currency, l.cost, AVG(b.cost) AS average, COUNT(*) AS known
  FROM looked AS l
  JOIN per_day AS b
    ON b.project_id = l.project_id AND b.currency = l.currency
    AND b.date < l.date AND b.date >= DATE_SUB(l.date, INTERVAL 28 DAY)
  GROUP BY l.date, l.project_id, l.currency, l.cost
)
SELECT
  CONCAT(project_id, '|', currency, '|', CAST(date AS STRING)) AS subject,
  CONCAT(
    IF(project_id = '', 'Costs outside projects', project_id), ' cost ', FORMAT('%.2f', cost), ' ', currency, ' on ',
    CAST(date AS STRING), '; an average day of the four weeks before cost ', FORMAT('%.2f', average), '.'
  ) AS summary,
  JSON_OBJECT('page', 'trends') AS link
FROM compared
WHERE known >= 7 AND cost > @factor * average AND cost - average >= @least_amount
ORDER BY subject
