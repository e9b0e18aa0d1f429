/*
title: Choices of the filters
description: >
  Every type, project and location there is, with the number of assets.
grain: facet, value
*/
SELECT 'type' AS facet, asset_type AS value, COUNT(*) AS assets
FROM assets
GROUP BY value
UNION ALL
SELECT 'project' AS facet, COALESCE(project_id, 'none') AS value, COUNT(*) AS assets
FROM assets
GROUP BY value
UNION ALL
SELECT 'location' AS facet, COALESCE(location, 'none') AS value, COUNT(*) AS assets
FROM assets
GROUP BY value
ORDER BY facet, assets DESC, value
