/*
title: Changes per day
description: >
  Assets created, updated and deleted on each day of the range.
params:
  - {name: first_day, type: DATE, description: First day of the range}
  - {name: last_day, type: DATE, description: Last day of the range}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: Chosen folders with those below them}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Chosen locations}
grain: date, change_type
*/
SELECT date, change_type, COUNT(*) AS changes
FROM asset_changes
WHERE date BETWEEN @first_day AND @last_day
  AND (ARRAY_LENGTH(@types) = 0 OR asset_type IN UNNEST(@types))
  AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(NULLIF(project_id, ''), 'none') IN UNNEST(@projects))
  AND (ARRAY_LENGTH(@folders) = 0 OR COALESCE(NULLIF(folder, ''), 'none') IN UNNEST(@folders))
  AND (ARRAY_LENGTH(@locations) = 0 OR COALESCE(NULLIF(location, ''), 'none') IN UNNEST(@locations))
GROUP BY date, change_type
ORDER BY date, change_type
