/*
title: Events per interval
description: >
  How many events that pass the filters came in each interval, by type.
params:
  - {name: since, type: TIMESTAMP, description: Received from then on}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen event types; empty is all}
  - {name: severities, type: "ARRAY<STRING>", default: [], description: Chosen severities; empty is all}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen projects; none stands for no project}
  - {name: actors, type: "ARRAY<STRING>", default: [], description: Chosen actors; none stands for unknown}
  - {name: search, type: STRING, default: null, description: "Part of the summary, asset or actor"}
  - {name: interval_seconds, type: INT64, default: 60, description: Length of an interval}
grain: start, event_type
*/
WITH placed AS (
  SELECT
    TIMESTAMP_SECONDS(
      DIV(UNIX_SECONDS(received_at), @interval_seconds) * @interval_seconds
    ) AS start,
    event_type
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
)
SELECT start, event_type, COUNT(*) AS events
FROM placed
GROUP BY start, event_type
ORDER BY start, event_type
