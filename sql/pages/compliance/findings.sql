/*
title: Findings
description: >
  One page of the findings that pass the filters, the gravest first. state: open, waived, unknown (never judged) or
  resolved. An open one with a doubt could not be judged again.
params:
  - {name: states, type: "ARRAY<STRING>", default: [], description: "open, waived, unknown or resolved; empty is all"}
  - {name: severities, type: "ARRAY<STRING>", default: [], description: "critical, high, medium or low; empty is all"}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, those below them included; empty is all"}
  - {name: policies, type: "ARRAY<STRING>", default: [], description: Chosen rules; empty is all}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: search, type: STRING, default: null, description: "Part of the asset name, the rule or the reason"}
  - {name: since, type: TIMESTAMP, default: null, description: Only what was found or reopened since then; null is all}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
  - {name: page_size, type: INT64, default: 50, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: policy_id, asset_name
*/
WITH listed AS (
  SELECT
    policy_id,
    asset_name,
    severity,
    CASE
      WHEN resolved_at IS NOT NULL THEN 'resolved'
      WHEN status = 'unknown' THEN 'unknown'
      WHEN waived_until > COALESCE(@now, CURRENT_TIMESTAMP()) THEN 'waived'
      ELSE 'open'
    END AS state
  FROM violations
  WHERE (ARRAY_LENGTH(@severities) = 0 OR severity IN UNNEST(@severities))
    AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(project_id, 'none') IN UNNEST(@projects))
    AND (ARRAY_LENGTH(@folders) = 0 OR folder IN UNNEST(@folders))
    AND (ARRAY_LENGTH(@policies) = 0 OR policy_id IN UNNEST(@policies))
    AND (ARRAY_LENGTH(@types) = 0 OR asset_type IN UNNEST(@types))
    AND (@since IS NULL OR first_seen >= @since OR reopened_at >= @since)
    AND (
      @search IS NULL
      OR STRPOS(LOWER(CONCAT(asset_name, ' ', policy_id, ' ', COALESCE(reason, ''))), LOWER(@search)) > 0
    )
),
page AS (
  SELECT policy_id, asset_name, state
  FROM listed
  WHERE ARRAY_LENGTH(@states) = 0 OR state IN UNNEST(@states)
  ORDER BY
    CASE state WHEN 'open' THEN 0 WHEN 'unknown' THEN 1 WHEN 'waived' THEN 2 ELSE 3 END,
    CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
    policy_id,
    asset_name
  LIMIT @page_size OFFSET @skip
)
SELECT
  v.policy_id,
  v.asset_name,
  page.state,
  v.severity,
  COALESCE(p.title, v.policy_id) AS title,
  p.service,
  v.asset_type,
  v.project_id,
  v.folder,
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
  v.waived_for
FROM page
JOIN violations AS v ON v.policy_id = page.policy_id AND v.asset_name = page.asset_name
LEFT JOIN policies AS p ON p.policy_id = v.policy_id
ORDER BY
  CASE page.state WHEN 'open' THEN 0 WHEN 'unknown' THEN 1 WHEN 'waived' THEN 2 ELSE 3 END,
  CASE v.severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END,
  v.policy_id,
  v.asset_name
