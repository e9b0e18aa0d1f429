/*
title: Projects by number
description: The id of every project whose number is known from the assets. Messages often tell the number only.
params: []
grain: project_number
*/
SELECT project_number, MIN(project_id) AS project_id
FROM assets
WHERE project_number IS NOT NULL
  AND project_id IS NOT NULL
  AND NOT REGEXP_CONTAINS(project_id, r'^[0-9]+$')
GROUP BY project_number
ORDER BY project_number
