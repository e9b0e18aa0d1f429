/*
title: Alerts
description: >
  Those that pass the filters: the most severe first, of these the newest. `total` counts them beyond the most rows.
params:
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: "firing, acknowledged, silenced, resolved; empty is all"}
  - {name: severities, type: "ARRAY<STRING>", default: [], description: Chosen severities; empty is all}
  - {name: rules, type: "ARRAY<STRING>", default: [], description: Chosen rules; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the summary or the subject}
  - {name: page_size, type: INT64, default: 200, description: Most rows to return}
grain: alert
*/
SELECT
  a.alert_id,
  a.rule,
  COALESCE(r.title, a.rule) AS title,
  a.subject,
  a.severity,
  a.status,
  a.summary,
  a.fired_at,
  a.firings,
  a.resolved_at,
  a.acknowledged_by,
  a.silenced_until,
  COUNT(*) OVER () AS total
FROM alerts AS a
LEFT JOIN alert_rules AS r ON r.rule = a.rule
WHERE (ARRAY_LENGTH(@statuses) = 0 OR a.status IN UNNEST(@statuses))
  AND (ARRAY_LENGTH(@severities) = 0 OR a.severity IN UNNEST(@severities))
  AND (ARRAY_LENGTH(@rules) = 0 OR a.rule IN UNNEST(@rules))
  AND (@search IS NULL OR STRPOS(LOWER(CONCAT(a.summary, ' ', a.subject)), LOWER(@search)) > 0)
ORDER BY
  CASE a.severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  COALESCE(a.resolved_at, a.fired_at) DESC,
  a.alert_id
LIMIT @page_size
