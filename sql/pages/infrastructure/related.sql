/*
title: Related assets
description: >
  The assets that an asset is related to, and those that are related to it, as Cloud Asset Inventory tells where RELATIONSHIP
  is read. Assets that are not in the inventory have no display name.
params:
  - {name: name, type: STRING, description: Full resource name}
  - {name: page_size, type: INT64, default: 500, description: Most relationships to return}
grain: relationship
*/
WITH pairs AS (
  SELECT
    a.name,
    a.asset_type,
    JSON_VALUE(related, '$.relationshipType') AS relationship_type,
    JSON_VALUE(related, '$.asset') AS other,
    JSON_VALUE(related, '$.assetType') AS other_type
  FROM assets AS a
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(a.related_assets, '$')) AS related
  WHERE a.related_assets IS NOT NULL
    AND (a.name = @name OR STRPOS(TO_JSON_STRING(a.related_assets), @name) > 0)
),
found AS (
  SELECT 'to' AS direction, relationship_type, other AS related_asset, other_type AS related_type
  FROM pairs
  WHERE name = @name AND other IS NOT NULL
  UNION ALL
  SELECT 'from' AS direction, relationship_type, name AS related_asset, asset_type AS related_type
  FROM pairs
  WHERE other = @name
)
SELECT
  f.direction,
  f.relationship_type,
  f.related_asset,
  f.related_type,
  a.display_name,
  a.project_id,
  COUNT(*) OVER () AS total
FROM found AS f
LEFT JOIN assets AS a ON a.name = f.related_asset
ORDER BY f.direction DESC, f.relationship_type, f.related_asset
LIMIT @page_size
