/*
title: GKE clusters of the infrastructure state
description: >
  One page of the GKE clusters, with versions, release channel, mode, nodes, endpoint and network.
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
  WHERE asset_type = 'container.googleapis.com/Cluster'
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
pools AS (
  SELECT REGEXP_EXTRACT(name, r'^(.+)/nodePools/') AS cluster, COUNT(*) AS node_pools
  FROM assets
  WHERE asset_type = 'container.googleapis.com/NodePool'
  GROUP BY cluster
)
SELECT
  a.name,
  COALESCE(a.display_name, REGEXP_EXTRACT(a.name, r'[^/]+$')) AS display_name,
  a.asset_type,
  a.project_id,
  a.folder,
  a.location,
  COALESCE(a.state, JSON_VALUE(a.resource, '$.data.status')) AS state,
  JSON_VALUE(a.resource, '$.data.currentMasterVersion') AS version,
  COALESCE(
    JSON_VALUE(a.resource, '$.data.currentNodeVersion'), JSON_VALUE(a.resource, '$.data.nodePools[0].version')
  ) AS node_version,
  COALESCE(JSON_VALUE(a.resource, '$.data.releaseChannel.channel'), 'UNSPECIFIED') AS release_channel,
  CASE JSON_VALUE(a.resource, '$.data.autopilot.enabled') WHEN 'true' THEN 'autopilot' ELSE 'standard' END AS mode,
  SAFE_CAST(JSON_VALUE(a.resource, '$.data.currentNodeCount') AS INT64) AS nodes,
  COALESCE(
    ARRAY_LENGTH(JSON_QUERY_ARRAY(a.resource, '$.data.nodePools')), pools.node_pools, 0
  ) AS node_pools,
  JSON_VALUE(a.resource, '$.data.endpoint') AS endpoint,
  COALESCE(JSON_VALUE(a.resource, '$.data.privateClusterConfig.enablePrivateNodes') = 'true', FALSE) AS private_nodes,
  REGEXP_EXTRACT(JSON_VALUE(a.resource, '$.data.network'), r'[^/]+$') AS network,
  REGEXP_EXTRACT(JSON_VALUE(a.resource, '$.data.subnetwork'), r'[^/]+$') AS subnetwork,
  a.labels,
  a.create_time,
  a.update_time,
  (
    COALESCE(CONCAT('projects/', a.project_id) IN UNNEST(@missed), FALSE)
    OR EXISTS (SELECT 1 FROM UNNEST(a.ancestors) AS above WHERE above IN UNNEST(@missed))
  ) AS stale,
  a.last_seen
FROM page
JOIN assets AS a ON a.name = page.name AND a.asset_type = 'container.googleapis.com/Cluster'
LEFT JOIN pools ON pools.cluster = a.name
ORDER BY a.project_id, a.name
