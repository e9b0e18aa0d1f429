/*
title: Rules
description: >
  Every rule and instance of one, with its settings and what the last run found. state: broken (it could not be run),
  off, failed, unknown, waived, passed, nothing (no such assets) or new (it has not run yet).
params:
  - {name: policy_id, type: STRING, default: null, description: Only this rule; null is all}
grain: policy_id
*/
SELECT
  policy_id,
  rule_id,
  title,
  description,
  service,
  severity,
  CASE
    WHEN error IS NOT NULL THEN 'broken'
    WHEN NOT enabled THEN 'off'
    WHEN passed IS NULL THEN 'new'
    WHEN failed > 0 THEN 'failed'
    WHEN `unknown` > 0 THEN 'unknown'
    WHEN waived > 0 THEN 'waived'
    WHEN passed > 0 THEN 'passed'
    ELSE 'nothing'
  END AS state,
  passed,
  failed,
  waived,
  `unknown`,
  SAFE_DIVIDE(passed, passed + failed) AS score,
  asset_types,
  frameworks,
  params,
  rationale,
  remediation,
  covers,
  defaults,
  source,
  path,
  error,
  duration_seconds
FROM policies
WHERE @policy_id IS NULL OR policy_id = @policy_id
ORDER BY
  CASE WHEN error IS NOT NULL THEN 0 ELSE 1 END,
  CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  policy_id
