/*
title: Open dead letters by reason
description: >
  Each layer and reason with how many are open, the most frequent first.
params:
  - {name: top, type: INT64, default: 50, description: Most reasons to return}
grain: layer, reason
*/
SELECT layer, reason, COUNT(*) AS letters, MIN(received_at) AS oldest, MAX(received_at) AS newest
FROM dead_letters
WHERE status = 'open'
GROUP BY layer, reason
ORDER BY letters DESC, layer, reason
LIMIT @top
