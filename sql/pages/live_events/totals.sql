/*
title: Events in the window
description: >
  How many events pass the filters, how many of them weigh, and when the newest came.
params:
  - {name: since, type: TIMESTAMP, description: Received from then on}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen event types; empty is all}
  - {name: severities, type: "ARRAY<STRING>", default: [], description: Chosen severities; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for no project}
  - {name: actors, type: "ARRAY<STRING>", default: [], description: Chosen actors; none stands for unknown}
  - {name: search, type: STRING, default: null, description: "Part of the summary, asset or actor"}
grain: one row
*/
SELECT
  COUNT(*) AS events,
  COUNTIF(severity IN ('critical', 'high')) AS severe,
  COUNT(DISTINCT project_id) AS projects,
  MAX(received_at) AS newest,
  MAX(seq) AS newest_seq
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
