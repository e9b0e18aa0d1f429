/*
title: Virtual machines of the infrastructure state
description: >
  One page of the virtual machines, with machine type, status, every address, network and service account.
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
  WHERE asset_type = 'compute.googleapis.com/Instance'
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
  COALESCE(a.state, JSON_VALUE(a.resource, '$.data.status')) AS state,
  REGEXP_EXTRACT(JSON_VALUE(a.resource, '$.data.machineType'), r'[^/]+$') AS machine_type,
  JSON_VALUE(a.resource, '$.data.cpuPlatform') AS cpu_platform,
  ARRAY(
    SELECT JSON_VALUE(nic, '$.networkIP')
    FROM UNNEST(JSON_QUERY_ARRAY(a.resource, '$.data.networkInterfaces')) AS nic
    WHERE JSON_VALUE(nic, '$.networkIP') IS NOT NULL
  ) AS internal_addresses,
  ARRAY(
    SELECT JSON_VALUE(nic, '$.accessConfigs[0].natIP')
    FROM UNNEST(JSON_QUERY_ARRAY(a.resource, '$.data.networkInterfaces')) AS nic
    WHERE JSON_VALUE(nic, '$.accessConfigs[0].natIP') IS NOT NULL
  ) AS external_addresses,
  REGEXP_EXTRACT(JSON_VALUE(a.resource, '$.data.networkInterfaces[0].network'), r'[^/]+$') AS network,
  REGEXP_EXTRACT(JSON_VALUE(a.resource, '$.data.networkInterfaces[0].subnetwork'), r'[^/]+$') AS subnetwork,
  JSON_VALUE(a.resource, '$.data.serviceAccounts[0].email') AS service_account,
  ARRAY_LENGTH(JSON_QUERY_ARRAY(a.resource, '$.data.disks')) AS disks,
  a.labels,
  a.create_time,
  a.update_time,
  (
    COALESCE(CONCAT('projects/', a.project_id) IN UNNEST(@missed), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@missed))
  ) AS stale,
  a.last_seen
FROM page
JOIN assets AS a ON a.name = page.name AND a.asset_type = 'compute.googleapis.com/Instance'
ORDER BY a.project_id, a.name
