/*
title: Change by group
description: >
  Assets of each group on the first and on the last counted day of the range.
params:
  - {name: first_day, type: DATE, description: First day of the range}
  - {name: last_day, type: DATE, description: Last day of the range}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: Chosen folders with those below them}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Chosen locations}
  - {name: group_by, type: STRING, default: type, description: "type, project, folder, location or total"}
grain: series
*/
WITH counted AS (
  SELECT
    date,
    CASE @group_by
      WHEN 'type' THEN asset_type
      WHEN 'project' THEN COALESCE(NULLIF(project_id, ''), 'none')
      WHEN 'folder' THEN COALESCE(NULLIF(folder, ''), 'none')
      WHEN 'location' THEN COALESCE(NULLIF(location, ''), 'none')
      ELSE 'total'
    END AS series,
    SUM(resources) AS resources
  FROM resources_daily
  WHERE date BETWEEN @first_day AND @last_day
    AND (ARRAY_LENGTH(@types) = 0 OR asset_type IN UNNEST(@types))
    AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(NULLIF(project_id, ''), 'none') IN UNNEST(@projects))
    AND (ARRAY_LENGTH(@folders) = 0 OR COALESCE(NULLIF(folder, ''), 'none') IN UNNEST(@folders))
    AND (ARRAY_LENGTH(@locations) = 0 OR COALESCE(NULLIF(location, ''), 'none') IN UNNEST(@locations))
  GROUP BY date, series
),
ends AS (
  SELECT MIN(date) AS first_counted, MAX(date) AS last_counted
  FROM resources_daily
  WHERE date BETWEEN @first_day AND @last_day
)
SELECT
  counted.series,
  ends.first_counted,
  ends.last_counted,
  SUM(IF(counted.date = ends.first_counted, counted.resources, 0)) AS at_start,
  SUM(IF(counted.date = ends.last_counted, counted.resources, 0)) AS at_end,
  SUM(IF(counted.date = ends.last_counted, counted.resources, 0))
    - SUM(IF(counted.date = ends.first_counted, counted.resources, 0)) AS difference
FROM counted
CROSS JOIN ends
GROUP BY counted.series, ends.first_counted, ends.last_counted
ORDER BY ABS(difference) DESC, at_end DESC, counted.series
