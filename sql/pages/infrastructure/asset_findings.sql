/*
title: Findings of one asset
description: >
  What the rules found on one asset, the gravest first; what was resolved comes last.
params:
  - {name: name, type: STRING, description: Full resource name}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
grain: policy_id
*/
WITH listed AS (
  SELECT
    v.policy_id,
    COALESCE(p.title, v.policy_id) AS title,
    CASE
      WHEN v.resolved_at IS NOT NULL THEN 'resolved'
      WHEN v.status = 'unknown' THEN 'unknown'
      WHEN v.waived_until > COALESCE(@now, CURRENT_TIMESTAMP()) THEN 'waived'
      ELSE 'open'
    END AS state,
    v.severity,
    v.reason,
    v.first_seen,
    v.resolved_at
  FROM violations AS v
  LEFT JOIN policies AS p ON p.policy_id = v.policy_id
  WHERE v.asset_name = @name
)
SELECT *
FROM listed
ORDER BY
  CASE state WHEN 'open' THEN 0 WHEN 'unknown' THEN 1 WHEN 'waived' THEN 2 ELSE 3 END,
  CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  policy_id
