/*
title: VPC networks
description: >
  One page of the VPC networks that pass the filters, with their routing, size and peerings.
params:
  - {name: tab_types, type: "ARRAY<STRING>", default: [], description: Types the tab is made of; empty is all}
  - {name: not_types, type: "ARRAY<STRING>", default: [], description: Types that have a tab of their own}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Chosen folders as folders/NUMBER, with those below them; none stands for no folder"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Chosen locations; none stands for no location}
  - {name: label, type: STRING, default: null, description: "Part of the labels object in JSON, such as \"env\":\"prod\""}
  - {name: search, type: STRING, default: null, description: Part of the name or display name}
  - {name: page_size, type: INT64, default: 50, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: asset
*/
WITH page AS (
  SELECT name
  FROM assets
  WHERE (ARRAY_LENGTH(@tab_types) = 0 OR asset_type IN UNNEST(@tab_types))
    AND (ARRAY_LENGTH(@not_types) = 0 OR asset_type NOT IN UNNEST(@not_types))
    AND (ARRAY_LENGTH(@types) = 0 OR asset_type IN UNNEST(@types))
    AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(project_id, 'none') IN UNNEST(@projects))
    AND (ARRAY_LENGTH(@folders) = 0 OR COALESCE(folder, 'none') IN UNNEST(@folders))
    AND (ARRAY_LENGTH(@locations) = 0 OR COALESCE(location, 'none') IN UNNEST(@locations))
    AND (@label IS NULL OR STRPOS(TO_JSON_STRING(labels), @label) > 0)
    AND (
      @search IS NULL
      OR STRPOS(LOWER(CONCAT(name, ' ', COALESCE(display_name, ''))), LOWER(@search)) > 0
    )
  ORDER BY project_id, display_name, name
  LIMIT @page_size OFFSET @skip
),
counted AS (
  SELECT
    REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.network'), r'projects/.+$') AS network,
    COUNT(*) AS subnetworks
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Subnetwork'
  GROUP BY network
)
SELECT
  a.name,
  COALESCE(a.display_name, REGEXP_EXTRACT(a.name, r'[^/]+$')) AS display_name,
  a.asset_type,
  a.project_id,
  a.folder,
  a.location,
  JSON_VALUE(a.resource, '$.data.routingConfig.routingMode') AS routing_mode,
  CASE JSON_VALUE(a.resource, '$.data.autoCreateSubnetworks')
    WHEN 'true' THEN 'auto'
    WHEN 'false' THEN 'custom'
  END AS subnet_mode,
  COALESCE(
    ARRAY_LENGTH(JSON_QUERY_ARRAY(a.resource, '$.data.subnetworks')), counted.subnetworks
  ) AS subnetworks,
  ARRAY_LENGTH(JSON_QUERY_ARRAY(a.resource, '$.data.peerings')) AS peerings,
  SAFE_CAST(JSON_VALUE(a.resource, '$.data.mtu') AS INT64) AS mtu,
  a.labels,
  a.create_time,
  a.update_time
FROM page
JOIN assets AS a ON a.name = page.name
LEFT JOIN counted ON counted.network = REGEXP_EXTRACT(a.name, r'projects/.+$')
ORDER BY a.project_id, a.display_name, a.name
