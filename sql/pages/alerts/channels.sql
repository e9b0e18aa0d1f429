/*
title: Channels of alerts
description: >
  Each channel as it stands, with what waits for it and what it never took.
grain: channel
*/
WITH messages AS (
  SELECT
    channel,
    COUNTIF(status = 'waiting') AS waiting,
    MIN(IF(status = 'waiting', created_at, NULL)) AS oldest,
    COUNTIF(status = 'sent') AS sent,
    COUNTIF(status = 'given up') AS given_up
  FROM alert_messages
  GROUP BY channel
)
SELECT
  c.channel,
  c.configured,
  c.target,
  c.least_severity,
  c.last_sent_at,
  c.failures,
  c.last_error,
  c.last_error_at,
  c.next_try_at,
  COALESCE(m.waiting, 0) AS waiting,
  m.oldest,
  COALESCE(m.sent, 0) AS sent,
  COALESCE(m.given_up, 0) AS given_up
FROM alert_channels AS c
LEFT JOIN messages AS m ON m.channel = c.channel
ORDER BY c.channel
