/*
title: Assets on a past day
description: >
  One page of the assets of a daily snapshot that pass the filters. Snapshots hold no content.
params:
  - {name: day, type: DATE, description: Day of the snapshot}
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
SELECT
  name,
  COALESCE(display_name, REGEXP_EXTRACT(name, r'[^/]+$')) AS display_name,
  asset_type,
  project_id,
  folder,
  location,
  state,
  labels,
  create_time
FROM asset_snapshots
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
  AND date = @day
ORDER BY project_id, display_name, name
LIMIT @page_size OFFSET @skip
