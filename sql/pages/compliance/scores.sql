/*
title: Compliance over time
description: >
  What passed, failed, was waived and unknown on each day, and the score of the day. A day without a run has no row.
params:
  - {name: since, type: DATE, description: First day}
  - {name: dimension, type: STRING, default: all, description: "all, project, folder, policy, framework or control"}
  - {name: item, type: STRING, default: "", description: Which; empty for all}
grain: date
*/
SELECT date, passed, failed, waived, `unknown`, score
FROM compliance_daily
WHERE date >= @since
  AND dimension = @dimension
  AND item = @item
  AND severity = 'all'
ORDER BY date
