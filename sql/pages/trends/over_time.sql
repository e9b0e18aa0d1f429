/*
title: Resources over time
description: >
  Assets at the end of each day, by group. The groups with the most assets on their last day keep their names, the rest is other. A group without assets on a day that was counted has 0; a day that was not counted has no row.
params:
  - {name: first_day, type: DATE, description: First day of the range}
  - {name: last_day, type: DATE, description: Last day of the range}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: Chosen folders with those below them}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Chosen locations}
  - {name: group_by, type: STRING, default: type, description: "type, project, folder, location or total"}
  - {name: top, type: INT64, default: 8, description: Groups shown by name; the rest is other}
grain: date, series
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
ranked AS (
  SELECT
    series,
    ROW_NUMBER() OVER (
      ORDER BY SUM(IF(date = (SELECT MAX(date) FROM counted), resources, 0)) DESC, MAX(resources) DESC, series
    ) AS place
  FROM counted
  GROUP BY series
),
named AS (
  SELECT
    counted.date,
    IF(ranked.place <= @top, counted.series, 'other') AS series,
    LEAST(ranked.place, @top + 1) AS place,
    counted.resources
  FROM counted
  JOIN ranked ON ranked.series = counted.series
),
shown AS (
  SELECT series, place
  FROM named
  GROUP BY series, place
),
days AS (
  SELECT date
  FROM resources_daily
  WHERE date BETWEEN @first_day AND @last_day
  GROUP BY date
)
SELECT
  days.date,
  shown.series,
  shown.place,
  COALESCE(SUM(named.resources), 0) AS resources
FROM days
CROSS JOIN shown
LEFT JOIN named ON named.date = days.date AND named.series = shown.series AND named.place = shown.place
GROUP BY days.date, shown.series, shown.place
ORDER BY days.date, shown.place
