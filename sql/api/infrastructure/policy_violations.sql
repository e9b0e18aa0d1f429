/*
title: Open findings of the infrastructure state
description: One page of the findings that fail and are not resolved, waived ones included and marked, the gravest first.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Ids of projects; empty is all}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, with all below them; empty is all"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Locations; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the name or display name}
  - {name: page_size, type: INT64, default: 100, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: rule and asset
*/
SELECT
  v.policy_id,
  p.title,
  v.severity,
  v.asset_name,
  v.asset_type,
  v.project_id,
  v.folder,
  a.location,
  v.reason,
  v.evidence,
  v.doubt,
  v.first_seen,
  v.last_seen,
  v.reopened,
  v.waived_until
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
ORDER BY
  CASE v.severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  v.policy_id,
  v.asset_name
LIMIT @page_size OFFSET @skip
