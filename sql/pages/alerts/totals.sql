/*
title: Alerts in figures
description: >
  How many alerts fire, by severity, how many somebody looks after or are silent, how many resolved lately, and when the
  rules were last evaluated; null when none ever was.
params:
  - {name: since, type: TIMESTAMP, description: Resolved from then on}
grain: one row
*/
SELECT
  a.firing,
  a.critical,
  a.acknowledged,
  a.silenced,
  a.resolved,
  r.rules,
  r.failed,
  r.evaluated_at
FROM (
  SELECT
    COUNTIF(status = 'firing') AS firing,
    COUNTIF(status = 'firing' AND severity = 'critical') AS critical,
    COUNTIF(status = 'acknowledged') AS acknowledged,
    COUNTIF(status = 'silenced') AS silenced,
    COUNTIF(status = 'resolved' AND resolved_at >= @since) AS resolved
  FROM alerts
) AS a
CROSS JOIN (
  SELECT
    COUNTIF(enabled) AS rules,
    COUNTIF(enabled AND error IS NOT NULL) AS failed,
    MAX(evaluated_at) AS evaluated_at
  FROM alert_rules
) AS r
