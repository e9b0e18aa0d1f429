/*
title: Changes of one asset
description: >
  What changed on one asset, newest first, with its content before and after.
params:
  - {name: name, type: STRING, description: Full resource name}
  - {name: since, type: DATE, description: Earliest day to look at}
  - {name: page_size, type: INT64, default: 50, description: Most changes to return}
grain: change
*/
SELECT
  change_id,
  changed_at,
  observed_at,
  change_type,
  changed_fields,
  actor,
  source,
  before,
  after,
  COUNT(*) OVER () AS total
FROM asset_changes
WHERE date >= @since AND name = @name
ORDER BY changed_at DESC, change_id
LIMIT @page_size
