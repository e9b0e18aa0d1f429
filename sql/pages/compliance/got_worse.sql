/*
title: Rules with new findings
description: >
  Open findings that were found or reopened since an instant, by rule: the gravest first, then those with the most.
params:
  - {name: since, type: TIMESTAMP, description: Findings before it are not new}
  - {name: top, type: INT64, default: 12, description: How many rules}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, those below them included; empty is all"}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
grain: policy_id
*/
SELECT
  v.policy_id,
  ANY_VALUE(COALESCE(p.title, v.policy_id)) AS title,
  MIN(v.severity) AS severity,
  COUNTIF(v.reopened_at IS NULL OR v.reopened_at < @since) AS new_findings,
  COUNTIF(v.reopened_at >= @since) AS reopened,
  COUNT(DISTINCT COALESCE(v.project_id, 'none')) AS projects,
  MAX(GREATEST(v.first_seen, COALESCE(v.reopened_at, v.first_seen))) AS newest
FROM violations AS v
LEFT JOIN policies AS p ON p.policy_id = v.policy_id
WHERE v.resolved_at IS NULL
  AND v.status = 'fail'
  AND (v.first_seen >= @since OR v.reopened_at >= @since)
  AND (v.waived_until IS NULL OR v.waived_until <= COALESCE(@now, CURRENT_TIMESTAMP()))
  AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(v.project_id, 'none') IN UNNEST(@projects))
  AND (ARRAY_LENGTH(@folders) = 0 OR v.folder IN UNNEST(@folders))
GROUP BY v.policy_id
ORDER BY
  CASE MIN(v.severity) WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  COUNT(*) DESC,
  v.policy_id
LIMIT @top
