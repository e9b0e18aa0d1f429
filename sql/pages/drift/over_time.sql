/*
title: Share under code over time
description: >
  Resources of each status at the last comparison of each day. A day without a comparison has no row.
params:
  - {name: since, type: DATE, description: First day}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for resources above projects}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; none stands for an unknown type}
grain: date
*/
SELECT
  date,
  SUM(managed) AS managed,
  SUM(changed) AS changed,
  SUM(missing) AS missing,
  SUM(unmanaged) AS unmanaged,
  SUM(`unknown`) AS `unknown`
FROM drift_daily
WHERE date >= @since
  AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(NULLIF(project_id, ''), 'none') IN UNNEST(@projects))
  AND (ARRAY_LENGTH(@types) = 0 OR COALESCE(NULLIF(asset_type, ''), 'none') IN UNNEST(@types))
GROUP BY date
ORDER BY date
