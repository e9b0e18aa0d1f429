/*
title: Assets that were not seen
description: >
  Those of the named assets that are in a scope the last sync could not see, with the scope. They are as last known.
params:
  - {name: names, type: "ARRAY<STRING>", default: [], description: Full resource names}
  - {name: missed, type: "ARRAY<STRING>", default: [], description: "Scopes not seen, such as projects/ID or folders/NUMBER"}
grain: name, scope
*/
SELECT a.name, scope, a.last_seen
FROM assets AS a
CROSS JOIN UNNEST(@missed) AS scope
WHERE a.name IN UNNEST(@names)
  AND (CONCAT('projects/', COALESCE(a.project_id, '')) = scope OR scope IN UNNEST(a.ancestors))
ORDER BY a.name, scope
