/*
title: Databases of the infrastructure state
description: >
  One page of the managed databases of all services, with version, tier, availability, addresses and backups.
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
  WHERE asset_type IN ('sqladmin.googleapis.com/Instance', 'spanner.googleapis.com/Instance', 'bigtableadmin.googleapis.com/Instance', 'redis.googleapis.com/Instance', 'alloydb.googleapis.com/Cluster', 'firestore.googleapis.com/Database')
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
  REGEXP_EXTRACT(a.asset_type, r'^[^.]+') AS service,
  COALESCE(a.state, JSON_VALUE(a.resource, '$.data.state'), JSON_VALUE(a.resource, '$.data.status')) AS state,
  COALESCE(JSON_VALUE(a.resource, '$.data.databaseVersion'), JSON_VALUE(a.resource, '$.data.redisVersion'), JSON_VALUE(a.resource, '$.data.type')) AS version,
  COALESCE(
    JSON_VALUE(a.resource, '$.data.settings.tier'), JSON_VALUE(a.resource, '$.data.tier'), JSON_VALUE(a.resource, '$.data.instanceType'), JSON_VALUE(a.resource, '$.data.config')
  ) AS tier,
  JSON_VALUE(a.resource, '$.data.settings.availabilityType') AS availability,
  COALESCE(
    SAFE_CAST(JSON_VALUE(a.resource, '$.data.settings.dataDiskSizeGb') AS INT64), SAFE_CAST(JSON_VALUE(a.resource, '$.data.memorySizeGb') AS INT64)
  ) AS size_gb,
  ARRAY(
    SELECT JSON_VALUE(address, '$.ipAddress')
    FROM UNNEST(JSON_QUERY_ARRAY(a.resource, '$.data.ipAddresses')) AS address
    WHERE JSON_VALUE(address, '$.ipAddress') IS NOT NULL
  ) AS addresses,
  COALESCE(JSON_VALUE(a.resource, '$.data.settings.ipConfiguration.ipv4Enabled') = 'true', FALSE) AS public_address,
  CASE JSON_VALUE(a.resource, '$.data.settings.backupConfiguration.enabled')
    WHEN 'true' THEN TRUE
    WHEN 'false' THEN FALSE
  END AS backups,
  a.labels,
  a.create_time,
  a.update_time,
  (
    COALESCE(CONCAT('projects/', a.project_id) IN UNNEST(@missed), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@missed))
  ) AS stale,
  a.last_seen
FROM page
JOIN assets AS a ON a.name = page.name AND a.asset_type IN ('sqladmin.googleapis.com/Instance', 'spanner.googleapis.com/Instance', 'bigtableadmin.googleapis.com/Instance', 'redis.googleapis.com/Instance', 'alloydb.googleapis.com/Cluster', 'firestore.googleapis.com/Database')
ORDER BY a.project_id, a.name
