/*
title: Service accounts of the infrastructure state
description: >
  One page of the service accounts, with address, state and the keys that people made.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Ids of projects; empty is all}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, with all below them; empty is all"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Locations; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the name or display name}
  - {name: missed, type: "ARRAY<STRING>", default: [], description: Scopes that the last sync could not see}
  - {name: page_size, type: INT64, default: 100, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: asset
*/
WITH page AS (
  SELECT name
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/ServiceAccount'
    AND (ARRAY_LENGTH(@projects) = 0 OR project_id IN UNNEST(@projects))
    AND (
      ARRAY_LENGTH(@folders) = 0
      OR EXISTS (SELECT 1 FROM UNNEST(ancestors) AS above WHERE above IN UNNEST(@folders))
    )
    AND (ARRAY_LENGTH(@locations) = 0 OR location IN UNNEST(@locations))
    AND (
      @search IS NULL
      OR STRPOS(LOWER(CONCAT(name, ' ', COALESCE(display_name, ''))), LOWER(@search)) > 0
    )
  ORDER BY project_id, name
  LIMIT @page_size OFFSET @skip
),
made AS (
  SELECT
    REGEXP_EXTRACT(name, r'/serviceAccounts/([^/]+)/keys/') AS owner,
    COUNT(*) AS user_keys,
    MIN(SAFE_CAST(JSON_VALUE(resource, '$.data.validAfterTime') AS TIMESTAMP)) AS oldest_key
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/ServiceAccountKey'
    AND JSON_VALUE(resource, '$.data.keyType') = 'USER_MANAGED'
  GROUP BY owner
)
SELECT
  a.name,
  COALESCE(a.display_name, REGEXP_EXTRACT(a.name, r'[^/]+$')) AS display_name,
  a.asset_type,
  a.project_id,
  a.folder,
  a.location,
  JSON_VALUE(a.resource, '$.data.email') AS email,
  JSON_VALUE(a.resource, '$.data.uniqueId') AS unique_id,
  CASE JSON_VALUE(a.resource, '$.data.disabled') WHEN 'true' THEN 'disabled' ELSE 'enabled' END AS state,
  COALESCE(made.user_keys, 0) AS user_keys,
  made.oldest_key,
  a.labels,
  a.create_time,
  a.update_time,
  (
    COALESCE(CONCAT('projects/', a.project_id) IN UNNEST(@missed), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@missed))
  ) AS stale,
  a.last_seen
FROM page
JOIN assets AS a ON a.name = page.name AND a.asset_type = 'iam.googleapis.com/ServiceAccount'
LEFT JOIN made
  ON made.owner IN (JSON_VALUE(a.resource, '$.data.email'), JSON_VALUE(a.resource, '$.data.uniqueId'))
ORDER BY a.project_id, a.name
