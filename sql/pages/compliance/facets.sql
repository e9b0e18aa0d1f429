/*
title: Choices of the filters
description: >
  Every project and asset type with findings, open or resolved, those with the most first.
grain: facet, value
*/
SELECT 'project' AS facet, COALESCE(project_id, 'none') AS value, COUNT(*) AS findings
FROM violations
GROUP BY value
UNION ALL
SELECT 'type' AS facet, asset_type AS value, COUNT(*) AS findings
FROM violations
WHERE asset_type IS NOT NULL
GROUP BY value
ORDER BY facet, findings DESC, value
