/*
title: Sizes of the infrastructure state
description: How many assets pass the filters, of each section and in all.
params:
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Ids of projects; empty is all}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, with all below them; empty is all"}
  - {name: locations, type: "ARRAY<STRING>", default: [], description: Locations; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the name or display name}
grain: one row
*/
SELECT
  COUNT(*) AS assets,
  COUNTIF(asset_type = 'cloudresourcemanager.googleapis.com/Project') AS projects,
  COUNTIF(asset_type = 'compute.googleapis.com/Network') AS vpcs,
  COUNTIF(asset_type = 'compute.googleapis.com/Instance') AS compute_instances,
  COUNTIF(asset_type = 'container.googleapis.com/Cluster') AS gke_clusters,
  COUNTIF(
    asset_type IN (
      'sqladmin.googleapis.com/Instance',
      'spanner.googleapis.com/Instance',
      'bigtableadmin.googleapis.com/Instance',
      'redis.googleapis.com/Instance',
      'alloydb.googleapis.com/Cluster',
      'firestore.googleapis.com/Database'
    )
  ) AS databases,
  COUNTIF(asset_type = 'iam.googleapis.com/ServiceAccount') AS service_accounts
FROM assets
WHERE TRUE
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
