/*
title: Resources, declared against actual
description: >
  One page of the resources that pass the filters: those that need a look first.
params:
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: "managed, changed, missing, unmanaged or unknown; empty is all"}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for resources above projects}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; none stands for an unknown type}
  - {name: search, type: STRING, default: null, description: "Part of the address, the asset name or the file"}
  - {name: page_size, type: INT64, default: 50, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: drift_id
*/
WITH page AS (
  SELECT drift_id
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
    AND (ARRAY_LENGTH(@statuses) = 0 OR status IN UNNEST(@statuses))
  ORDER BY
    CASE status WHEN 'changed' THEN 0 WHEN 'missing' THEN 1 WHEN 'unmanaged' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END,
    project_id,
    drift_id
  LIMIT @page_size OFFSET @skip
)
SELECT
  d.drift_id,
  d.status,
  d.address,
  d.resource_type,
  d.asset_name,
  d.asset_type,
  d.project_id,
  d.path,
  d.line,
  ARRAY_LENGTH(JSON_QUERY_ARRAY(d.differences, '$')) AS differences,
  d.reason,
  d.actor,
  d.changed_at,
  d.detected_at
FROM page
JOIN drift AS d ON d.drift_id = page.drift_id
ORDER BY
  CASE d.status WHEN 'changed' THEN 0 WHEN 'missing' THEN 1 WHEN 'unmanaged' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END,
  d.project_id,
  d.drift_id
