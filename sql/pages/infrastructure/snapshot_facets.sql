/*
title: Choices of the filters on a past day
description: >
  Every type, project and location of a daily snapshot, with the number of assets.
params:
  - {name: day, type: DATE, description: Day of the snapshot}
grain: facet, value
*/
SELECT 'type' AS facet, asset_type AS value, COUNT(*) AS assets
FROM asset_snapshots
WHERE date = @day
GROUP BY value
UNION ALL
SELECT 'project' AS facet, COALESCE(project_id, 'none') AS value, COUNT(*) AS assets
FROM asset_snapshots
WHERE date = @day
GROUP BY value
UNION ALL
SELECT 'location' AS facet, COALESCE(location, 'none') AS value, COUNT(*) AS assets
FROM asset_snapshots
WHERE date = @day
GROUP BY value
ORDER BY facet, assets DESC, value
