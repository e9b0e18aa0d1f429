/*
title: Choices of the filters
description: >
  Every type, project and location counted in the range, with the assets of its last day.
params:
  - {name: first_day, type: DATE, description: First day of the range}
  - {name: last_day, type: DATE, description: Last day of the range}
grain: facet, value
*/
WITH ranged AS (
  SELECT date, asset_type, project_id, location, resources
  FROM resources_daily
  WHERE date BETWEEN @first_day AND @last_day
),
newest AS (
  SELECT MAX(date) AS date
  FROM ranged
)
SELECT
  'type' AS facet,
  ranged.asset_type AS value,
  SUM(IF(ranged.date = newest.date, ranged.resources, 0)) AS assets
FROM ranged
CROSS JOIN newest
GROUP BY value
UNION ALL
SELECT
  'project' AS facet,
  COALESCE(NULLIF(ranged.project_id, ''), 'none') AS value,
  SUM(IF(ranged.date = newest.date, ranged.resources, 0)) AS assets
FROM ranged
CROSS JOIN newest
GROUP BY value
UNION ALL
SELECT
  'location' AS facet,
  COALESCE(NULLIF(ranged.location, ''), 'none') AS value,
  SUM(IF(ranged.date = newest.date, ranged.resources, 0)) AS assets
FROM ranged
CROSS JOIN newest
GROUP BY value
ORDER BY facet, assets DESC, value
