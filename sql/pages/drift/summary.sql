/*
title: Resources by drift status
description: >
  How many resources have each status, of those that pass the filters, and when they were compared. A status that no
  resource has is 0. No row at all: nothing was ever compared.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for resources above projects}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; none stands for an unknown type}
  - {name: search, type: STRING, default: null, description: "Part of the address, the asset name or the file"}
grain: one row
*/
SELECT
  COUNTIF(status = 'managed') AS managed,
  COUNTIF(status = 'changed') AS changed,
  COUNTIF(status = 'missing') AS missing,
  COUNTIF(status = 'unmanaged') AS unmanaged,
  COUNTIF(status = 'unknown') AS `unknown`,
  MAX(detected_at) AS compared_at
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
HAVING COUNT(*) > 0
