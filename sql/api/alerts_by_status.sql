/*
title: Alerts by severity and status
description: >
  How many alerts are not resolved.
grain: severity, status
*/
SELECT severity, status, COUNT(*) AS alerts
FROM alerts
WHERE status != 'resolved'
GROUP BY severity, status
ORDER BY severity, status
