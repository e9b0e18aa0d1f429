/*
title: Drift status by project or type
description: >
  The groups with the most resources, and how many of each status they have.
params:
  - {name: group_by, type: STRING, default: project, description: project or type}
  - {name: top, type: INT64, default: 12, description: How many groups}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for resources above projects}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; none stands for an unknown type}
  - {name: search, type: STRING, default: null, description: "Part of the address, the asset name or the file"}
grain: group
*/
WITH named AS (
  SELECT IF(@group_by = 'type', COALESCE(asset_type, 'none'), COALESCE(project_id, 'none')) AS name, status
  FROM drift
  WHERE (ARRAY_LENGTH(@projects) = 0 OR COALESCE(project_id, 'none') IN UNNEST(@projects))
    AND (ARRAY_LENGTH(@types) = 0 OR COALESCE(asset_type, 'none') IN UNNEST(@types))
    AND (
      @search IS NULL
      OR STRPOS(
        LOWER(CONCAT(COALESCE(address, ''), ' ', COALESCE(asset_name, ''), ' ', COALESCE(path, ''))),
        LOWER(@search)
      ) > 0
    )
)
SELECT
  name,
  COUNTIF(status = 'managed') AS managed,
  COUNTIF(status = 'changed') AS changed,
  COUNTIF(status = 'missing') AS missing,
  COUNTIF(status = 'unmanaged') AS unmanaged,
  COUNTIF(status = 'unknown') AS `unknown`,
  COUNT(*) AS total
FROM named
GROUP BY name
ORDER BY total DESC, name
LIMIT @top
