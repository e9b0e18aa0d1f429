/*
title: Dead letters grow
description: >
  A layer could not understand too many records within the window, and they are still open.
severity: medium
remediation: >
  Open Dead letters: each says why and what was expected. Mend the source, then have them read again, or discard them
  with a reason.
params:
  - {name: most, type: INT64, default: 10, description: More new ones than this fire}
  - {name: minutes, type: INT64, default: 60, description: Length of the window}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: layer
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
fresh AS (
  SELECT d.layer, d.reason
  FROM dead_letters AS d
  CROSS JOIN clock
  WHERE d.received_at >= TIMESTAMP_SUB(clock.now, INTERVAL @minutes MINUTE) AND d.status = 'open'
)
SELECT
  layer AS subject,
  CONCAT(
    CAST(COUNT(*) AS STRING), ' records of the ', layer, ' layer were not understood within ',
    CAST(@minutes AS STRING), ' minutes. One reason: ', SUBSTR(MIN(reason), 1, 200)
  ) AS summary,
  JSON_OBJECT('page', 'dead_letters') AS link
FROM fresh
GROUP BY layer
HAVING COUNT(*) > @most
ORDER BY subject
