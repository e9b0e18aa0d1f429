/*
title: Newest events
description: >
  The newest events that pass the filters, in order of arrival, newest first.
params:
  - {name: since, type: TIMESTAMP, description: Received from then on}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen event types; empty is all}
  - {name: severities, type: "ARRAY<STRING>", default: [], description: Chosen severities; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for no project}
  - {name: actors, type: "ARRAY<STRING>", default: [], description: Chosen actors; none stands for unknown}
  - {name: search, type: STRING, default: null, description: "Part of the summary, asset or actor"}
  - {name: page_size, type: INT64, default: 100, description: Most events to return}
grain: event
*/
SELECT
  seq,
  event_id,
  received_at,
  event_time,
  event_type,
  severity,
  summary,
  project_id,
  asset_type,
  asset_name,
  actor,
  source
FROM events
WHERE received_at >= @since
  AND (ARRAY_LENGTH(@types) = 0 OR event_type IN UNNEST(@types))
  AND (ARRAY_LENGTH(@severities) = 0 OR severity IN UNNEST(@severities))
  AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(project_id, 'none') IN UNNEST(@projects))
  AND (ARRAY_LENGTH(@actors) = 0 OR COALESCE(actor, 'none') IN UNNEST(@actors))
  AND (
    @search IS NULL
    OR STRPOS(
      LOWER(CONCAT(summary, ' ', COALESCE(asset_name, ''), ' ', COALESCE(actor, ''))), LOWER(@search)
    ) > 0
  )
ORDER BY seq DESC
LIMIT @page_size
