/*
title: Choices of the filters
description: >
  Every event type, severity and project seen in the window.
params:
  - {name: since, type: TIMESTAMP, description: Received from then on}
grain: facet, value
*/
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
