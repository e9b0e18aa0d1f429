/*
title: Choices of the filters
description: >
  Every event type, severity and project seen in the window, and the actors with most events.
params:
  - {name: since, type: TIMESTAMP, description: Received from then on}
  - {name: most_actors, type: INT64, default: 200, description: Most actors to return}
grain: facet, value
*/
WITH actors AS (
  SELECT 'actor' AS facet, COALESCE(actor, 'none') AS value, COUNT(*) AS events
  FROM events
  WHERE received_at >= @since
  GROUP BY value
  ORDER BY events DESC, value
  LIMIT @most_actors
)
SELECT facet, value, events
FROM actors
UNION ALL
SELECT 'type' AS facet, event_type AS value, COUNT(*) AS events
FROM events
WHERE received_at >= @since
GROUP BY value
UNION ALL
SELECT 'severity' AS facet, severity AS value, COUNT(*) AS events
FROM events
WHERE received_at >= @since
GROUP BY value
UNION ALL
SELECT 'project' AS facet, COALESCE(project_id, 'none') AS value, COUNT(*) AS events
FROM events
WHERE received_at >= @since
GROUP BY value
ORDER BY facet, events DESC, value
