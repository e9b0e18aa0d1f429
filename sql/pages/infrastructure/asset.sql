/*
title: One asset
description: >
  Everything known of one asset.
params:
  - {name: name, type: STRING, description: Full resource name}
grain: asset
*/
SELECT
  name,
  asset_type,
  project_id,
  project_number,
  folder,
  organization,
  location,
  COALESCE(display_name, REGEXP_EXTRACT(name, r'[^/]+$')) AS display_name,
  state,
  labels,
  ancestors,
  create_time,
  update_time,
  resource,
  iam_policy,
  org_policy,
  access_policy,
  os_inventory,
  first_seen,
  last_seen
FROM assets
WHERE name = @name
