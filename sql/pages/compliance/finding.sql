/*
title: One finding
description: >
  Everything that is known of one finding, with its rule and its asset.
params:
  - {name: policy_id, type: STRING, description: Rule}
  - {name: asset_name, type: STRING, description: Full resource name}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
grain: policy_id, asset_name
*/
SELECT
  v.policy_id,
  v.asset_name,
  CASE
    WHEN v.resolved_at IS NOT NULL THEN 'resolved'
    WHEN v.status = 'unknown' THEN 'unknown'
    WHEN v.waived_until > COALESCE(@now, CURRENT_TIMESTAMP()) THEN 'waived'
    ELSE 'open'
  END AS state,
  v.severity,
  v.asset_type,
  v.project_id,
  v.reason,
  v.evidence,
  v.doubt,
  v.first_seen,
  v.last_seen,
  v.reopened,
  v.reopened_at,
  v.resolved_at,
  v.resolution,
  v.waived_until,
  v.waived_by,
  v.waived_for,
  COALESCE(p.title, v.policy_id) AS title,
  p.description,
  p.rationale,
  p.remediation,
  p.covers,
  p.defaults,
  p.frameworks,
  p.params,
  p.source,
  p.path,
  p.error,
  a.name IS NOT NULL AS there,
  COALESCE(a.display_name, REGEXP_EXTRACT(v.asset_name, r'[^/]+$')) AS display_name,
  a.location,
  a.labels,
  a.update_time,
  d.path AS declared_in,
  d.line AS declared_line
FROM violations AS v
LEFT JOIN policies AS p ON p.policy_id = v.policy_id
LEFT JOIN assets AS a ON a.name = v.asset_name
LEFT JOIN (
  SELECT asset_name, MIN(path) AS path, MIN(line) AS line FROM drift WHERE path IS NOT NULL GROUP BY asset_name
) AS d ON d.asset_name = v.asset_name
WHERE v.policy_id = @policy_id AND v.asset_name = @asset_name
