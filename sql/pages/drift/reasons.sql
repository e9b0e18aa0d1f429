/*
title: Why resources are unknown
description: >
  How many resources could not be compared, by reason.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for resources above projects}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; none stands for an unknown type}
  - {name: search, type: STRING, default: null, description: "Part of the address, the asset name or the file"}
  - {name: top, type: INT64, default: 50, description: How many reasons}
grain: reason
*/
SELECT COALESCE(reason, 'no reason was given') AS reason, COUNT(*) AS resources
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
  AND status = 'unknown'
GROUP BY reason
ORDER BY resources DESC, reason
LIMIT @top
