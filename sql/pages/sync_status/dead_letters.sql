/*
title: Open dead letters
description: >
  Records that could not be understood and still wait, by layer and reason.
params:
  - {name: since, type: TIMESTAMP, description: Stored from then on}
grain: layer, reason
*/
SELECT
  layer,
  reason,
  COUNT(*) AS records,
  MAX(received_at) AS newest,
  MAX(source) AS example_source,
  MAX(position) AS example_position
FROM dead_letters
WHERE received_at >= @since AND status = 'open'
GROUP BY layer, reason
ORDER BY records DESC, layer, reason
LIMIT 100
