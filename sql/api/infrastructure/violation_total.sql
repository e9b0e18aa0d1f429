/*
title: Number of open findings of the infrastructure state
description: How many findings that fail and are not resolved pass the filters.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Ids of projects; empty is all}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, with all below them; empty is all"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Locations; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the name or display name}
grain: one row
*/
SELECT COUNT(*) AS policy_violations
FROM violations AS v
LEFT JOIN assets AS a ON a.name = v.asset_name
LEFT JOIN policies AS p ON p.policy_id = v.policy_id
WHERE v.resolved_at IS NULL
  AND v.status = 'fail'
  AND (ARRAY_LENGTH(@projects) = 0 OR v.project_id IN UNNEST(@projects))
  AND (
    ARRAY_LENGTH(@folders) = 0
    OR COALESCE(v.folder IN UNNEST(@folders), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@folders))
  )
  AND (ARRAY_LENGTH(@locations) = 0 OR a.location IN UNNEST(@locations))
  AND (
    @search IS NULL
    OR STRPOS(LOWER(CONCAT(v.asset_name, ' ', COALESCE(a.display_name, ''))), LOWER(@search)) > 0
  )
