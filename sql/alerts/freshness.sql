/*
title: Freshness
description: >
  The data of a layer is older than its target, or there is none although the layer has a source.
severity: high
remediation: >
  Open Sync status: if the sidecar does not run, start it; if runs fail, each says why. A target that is too short can
  be set with PORTAL_FRESHNESS_ and the name of the layer.
params:
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: layer
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
good AS (
  SELECT layer, MAX(finished_at) AS finished_at
  FROM sync_runs
  WHERE started_at >= TIMESTAMP_SUB((SELECT now FROM clock), INTERVAL 400 DAY) AND status IN ('success', 'partial')
  GROUP BY layer
),
begun AS (
  SELECT layer, MIN(started_at) AS started_at
  FROM sync_runs
  WHERE started_at >= TIMESTAMP_SUB((SELECT now FROM clock), INTERVAL 400 DAY)
  GROUP BY layer
),
ages AS (
  SELECT
    s.layer,
    s.title,
    s.freshness_target_seconds AS target,
    g.finished_at,
    TIMESTAMP_DIFF(clock.now, COALESCE(g.finished_at, b.started_at), SECOND) AS age
  FROM layer_status AS s
  CROSS JOIN clock
  LEFT JOIN good AS g ON g.layer = s.layer
  LEFT JOIN begun AS b ON b.layer = s.layer
  WHERE s.configured AND s.freshness_target_seconds IS NOT NULL
)
SELECT
  layer AS subject,
  CONCAT(
    title, IF(finished_at IS NULL, ': no data yet, after ', ': the newest data is from '),
    CAST(DIV(age, 60) AS STRING), IF(finished_at IS NULL, ' min', ' min ago'),
    '; the target is ', CAST(DIV(target, 60) AS STRING), ' min.'
  ) AS summary,
  JSON_OBJECT('page', 'sync_status', 'layer', layer) AS link
FROM ages
WHERE age > target
ORDER BY subject
