/*
title: Rules of alerts
description: >
  Each rule with its last evaluation and how many of its alerts are active.
grain: rule
*/
WITH active AS (
  SELECT rule, COUNT(*) AS alerts
  FROM alerts
  WHERE status != 'resolved'
  GROUP BY rule
)
SELECT
  r.rule,
  r.title,
  r.description,
  r.severity,
  r.enabled,
  r.params,
  r.remediation,
  r.evaluated_at,
  r.duration_seconds,
  r.error,
  COALESCE(a.alerts, 0) AS active
FROM alert_rules AS r
LEFT JOIN active AS a ON a.rule = r.rule
ORDER BY r.title
