/*
title: Choices of the filters
description: >
  Every project and asset type in the comparison, those with the most resources first.
grain: facet, value
*/
SELECT 'project' AS facet, COALESCE(project_id, 'none') AS value, COUNT(*) AS resources
FROM drift
GROUP BY value
UNION ALL
SELECT 'type' AS facet, COALESCE(asset_type, 'none') AS value, COUNT(*) AS resources
FROM drift
GROUP BY value
ORDER BY facet, resources DESC, value
