/*
title: History of alerts
description: >
  What became of alerts and who did something about them, newest first; of one alert or of all. `total`
  counts them beyond the most rows.
params:
  - {name: alert_id, type: STRING, default: null, description: Only of this alert}
  - {name: since, type: TIMESTAMP, description: From then on}
  - {name: page_size, type: INT64, default: 200, description: Most rows to return}
grain: change of an alert
*/
SELECT happened_at, alert_id, rule, subject, severity, what, who, note, summary, COUNT(*) OVER () AS total
FROM alert_history
WHERE happened_at >= @since AND (@alert_id IS NULL OR alert_id = @alert_id)
ORDER BY happened_at DESC, history_id
LIMIT @page_size
