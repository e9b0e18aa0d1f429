/*
title: Where an asset comes from
description: >
  The file and line of the landing zone that declare an asset, and the newest commit to that file up to an instant, where
  one is known.
params:
  - {name: asset_name, type: STRING, description: Full resource name}
  - {name: at, type: TIMESTAMP, description: The instant}
grain: one row, or none
*/
WITH declared AS (
  SELECT MIN(path) AS path, MIN(line) AS line
  FROM drift
  WHERE asset_name = @asset_name AND path IS NOT NULL
),
newest AS (
  SELECT g.commit_sha, g.committed_at, g.author, g.message
  FROM git_commits AS g
  CROSS JOIN declared AS d
  WHERE d.path IN UNNEST(g.files_changed) AND g.committed_at <= @at
  ORDER BY g.committed_at DESC, g.commit_sha
  LIMIT 1
)
SELECT d.path, d.line, n.commit_sha, n.committed_at, n.author, n.message
FROM declared AS d
LEFT JOIN newest AS n ON TRUE
WHERE d.path IS NOT NULL
