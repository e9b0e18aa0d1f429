/*
title: Webhook deliveries by event and status
description: How many deliveries of GitHub were accepted or ignored, how many of them wait, and since when.
grain: event, status
*/
SELECT
  event,
  status,
  COUNT(*) AS deliveries,
  COUNTIF(handled_at IS NULL) AS waiting,
  MIN(IF(handled_at IS NULL, received_at, NULL)) AS waiting_since
FROM webhook_deliveries
WHERE received_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 400 DAY)
GROUP BY event, status
ORDER BY event, status
