/*
title: Open findings of projects
description: >
  Open findings of the projects that weigh most, by severity or by service. Waived and unknown ones do not count here.
params:
  - {name: group_by, type: STRING, default: severity, description: severity or service}
  - {name: top, type: INT64, default: 15, description: How many projects}
  - {name: projects, type: "ARRAY<STRING>", default: [], description: Chosen project ids; none stands for assets above projects}
  - {name: folders, type: "ARRAY<STRING>", default: [], description: "Folders as folders/NUMBER, those below them included; empty is all"}
  - {name: now, type: TIMESTAMP, default: null, description: The instant at which waivers are judged; null is the present}
grain: project, item
*/
WITH counted AS (
  SELECT
    COALESCE(v.project_id, 'none') AS project,
    IF(@group_by = 'service', COALESCE(p.service, 'none'), v.severity) AS item,
    COUNT(*) AS findings,
    SUM(CASE v.severity WHEN 'critical' THEN 10 WHEN 'high' THEN 5 WHEN 'medium' THEN 2 ELSE 1 END) AS weight
  FROM violations AS v
  LEFT JOIN policies AS p ON p.policy_id = v.policy_id
  WHERE v.resolved_at IS NULL
    AND v.status = 'fail'
    AND (v.waived_until IS NULL OR v.waived_until <= COALESCE(@now, CURRENT_TIMESTAMP()))
    AND (ARRAY_LENGTH(@projects) = 0 OR COALESCE(v.project_id, 'none') IN UNNEST(@projects))
    AND (ARRAY_LENGTH(@folders) = 0 OR v.folder IN UNNEST(@folders))
  GROUP BY project, item
),
heaviest AS (
  SELECT project, SUM(weight) AS weight, SUM(findings) AS total
  FROM counted
  GROUP BY project
  ORDER BY weight DESC, project
  LIMIT @top
)
SELECT c.project, c.item, c.findings, h.total, h.weight
FROM heaviest AS h
JOIN counted AS c ON c.project = h.project
ORDER BY h.weight DESC, c.project, c.item
