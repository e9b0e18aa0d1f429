/*
title: Names of ancestors
description: >
  The organisation, folders and project above an asset, with their names for people.
params:
  - {name: ancestors, type: "ARRAY<STRING>", description: "As in assets.ancestors: projects/NUMBER, folders/NUMBER, organizations/NUMBER"}
grain: ancestor
*/
WITH containers AS (
  SELECT
    CASE asset_type
      WHEN 'cloudresourcemanager.googleapis.com/Project' THEN CONCAT('projects/', project_number)
      ELSE REGEXP_EXTRACT(name, r'(?:folders|organizations)/[0-9]+$')
    END AS ancestor,
    name,
    display_name,
    project_id
  FROM assets
  WHERE asset_type IN (
    'cloudresourcemanager.googleapis.com/Project',
    'cloudresourcemanager.googleapis.com/Folder',
    'cloudresourcemanager.googleapis.com/Organization'
  )
)
SELECT ancestor, name, display_name, project_id
FROM containers
WHERE ancestor IN UNNEST(@ancestors)
ORDER BY ancestor
