/*
title: VPC networks of the infrastructure state
description: >
  One page of the VPC networks, with routing mode, how subnetworks are made, MTU and peerings.
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
  WHERE asset_type = 'compute.googleapis.com/Network'
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
)
SELECT
  a.name,
  COALESCE(a.display_name, REGEXP_EXTRACT(a.name, r'[^/]+$')) AS display_name,
  a.asset_type,
  a.project_id,
  a.folder,
  a.location,
  COALESCE(JSON_VALUE(a.resource, '$.data.routingConfig.routingMode'), 'REGIONAL') AS routing_mode,
  CASE JSON_VALUE(a.resource, '$.data.autoCreateSubnetworks')
    WHEN 'true' THEN 'auto'
    WHEN 'false' THEN 'custom'
    ELSE 'legacy'
  END AS subnet_mode,
  SAFE_CAST(JSON_VALUE(a.resource, '$.data.mtu') AS INT64) AS mtu,
  ARRAY(
    SELECT REGEXP_EXTRACT(JSON_VALUE(peering, '$.network'), r'projects/.+$')
    FROM UNNEST(JSON_QUERY_ARRAY(a.resource, '$.data.peerings')) AS peering
    WHERE JSON_VALUE(peering, '$.network') IS NOT NULL
  ) AS peered_with,
  a.labels,
  a.create_time,
  a.update_time,
  (
    COALESCE(CONCAT('projects/', a.project_id) IN UNNEST(@missed), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@missed))
  ) AS stale,
  a.last_seen
FROM page
JOIN assets AS a ON a.name = page.name AND a.asset_type = 'compute.googleapis.com/Network'
ORDER BY a.project_id, a.name
