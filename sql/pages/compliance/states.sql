/*
title: Findings per state and severity
description: >
  How many findings pass the filters in each state, by severity; how many of the open ones are in doubt.
params:
  - {name: severities, type: "ARRAY<STRING>", default: [], description: "critical, high, medium or low; empty is all"}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, those below them included; empty is all"}
  - {name: policies, type: "ARRAY<STRING>", default: [], description: Chosen rules; empty is all}
  - {name: types, type: "ARRAY<STRING>", default: [], description: Chosen asset types; empty is all}
  - {name: search, type: STRING, default: null, description: "Part of the asset name, the rule or the reason"}
  - {name: since, type: TIMESTAMP, default: null, description: Only what was found or reopened since then; null is all}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
grain: state, severity
*/
WITH listed AS (
  SELECT
    severity,
    doubt,
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
)
SELECT state, severity, COUNT(*) AS findings, COUNTIF(doubt IS NOT NULL) AS doubted
FROM listed
GROUP BY state, severity
ORDER BY state, CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END
