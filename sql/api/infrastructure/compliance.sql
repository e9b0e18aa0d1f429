/*
title: Compliance of the infrastructure state
description: >
  What the rules found on the last day they ran, of the whole organisation or of one project or folder: passed, failed,
  waived and unknown by severity, and the score. No row when no rule has run.
params:
  - {name: dimension, type: STRING, default: all, description: "all, project or folder"}
  - {name: item, type: STRING, default: "", description: "Id of the project, or folders/NUMBER; empty for all"}
grain: severity
*/
SELECT
  c.date,
  c.severity,
  c.passed,
  c.failed,
  c.waived,
  c.unknown,
  c.score
FROM compliance_daily AS c
WHERE c.date >= DATE_SUB(CURRENT_DATE(), INTERVAL 400 DAY)
  AND c.dimension = @dimension
  AND c.item = @item
  AND c.date = (
    SELECT MAX(newest.date)
    FROM compliance_daily AS newest
    WHERE newest.date >= DATE_SUB(CURRENT_DATE(), INTERVAL 400 DAY)
  )
ORDER BY
  CASE c.severity WHEN 'all' THEN 0 WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END
