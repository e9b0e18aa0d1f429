/*
title: One alert
description: >
  All of it, with what its rule watches and what to do.
params:
  - {name: alert_id, type: STRING, description: Its id}
grain: alert
*/
SELECT
  a.alert_id,
  a.rule,
  COALESCE(r.title, a.rule) AS title,
  r.description,
  r.remediation,
  r.error AS rule_error,
  r.evaluated_at,
  a.subject,
  a.severity,
  a.status,
  a.summary,
  a.link,
  a.fired_at,
  a.firings,
  a.resolved_at,
  a.acknowledged_by,
  a.acknowledged_at,
  a.silenced_by,
  a.silenced_until
FROM alerts AS a
LEFT JOIN alert_rules AS r ON r.rule = a.rule
WHERE a.alert_id = @alert_id
