/*
title: Place of an asset
description: >
  Where an asset is, or was when it was last seen to change: enough to ask Cloud Asset Inventory for its history. No row for
  an asset that was never known.
params:
  - {name: name, type: STRING, description: Full resource name}
  - {name: since, type: DATE, description: Earliest day on which an asset that is gone may have changed}
grain: one row
*/
WITH places AS (
  SELECT 1 AS rank, project_id, project_number, organization, ancestors, last_seen AS seen
  FROM assets
  WHERE name = @name
  UNION ALL
  SELECT
    2 AS rank,
    project_id,
    CAST(NULL AS STRING) AS project_number,
    CAST(NULL AS STRING) AS organization,
    ARRAY(
      SELECT JSON_VALUE(above, '$')
      FROM UNNEST(JSON_QUERY_ARRAY(COALESCE(after, before), '$.ancestors')) AS above
    ) AS ancestors,
    changed_at AS seen
  FROM asset_changes
  WHERE name = @name AND date >= @since
)
SELECT
  project_id,
  project_number,
  organization,
  ancestors
FROM places
ORDER BY rank, seen DESC
LIMIT 1
