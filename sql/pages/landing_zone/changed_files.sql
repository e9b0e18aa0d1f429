/*
title: Files that differ between two commits
description: >
  Mapped files that are not the same in two states. A file that is gone in one place and there, with the very same
  content, in another was renamed.
params:
  - {name: before, type: INT64, description: git_commits.position of the one side}
  - {name: after, type: INT64, description: git_commits.position of the other side}
grain: path
*/
WITH earlier AS (
  SELECT path, kind, blob_sha, size_bytes
  FROM git_versions
  WHERE from_position <= @before AND (until_position IS NULL OR until_position > @before)
),
later AS (
  SELECT path, kind, blob_sha, size_bytes
  FROM git_versions
  WHERE from_position <= @after AND (until_position IS NULL OR until_position > @after)
),
gone AS (
  SELECT earlier.path, earlier.kind, earlier.blob_sha, earlier.size_bytes,
    ROW_NUMBER() OVER (PARTITION BY earlier.blob_sha ORDER BY earlier.path) AS place
  FROM earlier
  LEFT JOIN later ON later.path = earlier.path
  WHERE later.path IS NULL
),
came AS (
  SELECT later.path, later.kind, later.blob_sha, later.size_bytes,
    ROW_NUMBER() OVER (PARTITION BY later.blob_sha ORDER BY later.path) AS place
  FROM later
  LEFT JOIN earlier ON earlier.path = later.path
  WHERE earlier.path IS NULL
)
SELECT later.path, later.kind, 'modified' AS change, earlier.path AS old_path, earlier.size_bytes AS old_size_bytes, later.size_bytes
FROM later
JOIN earlier ON earlier.path = later.path
WHERE earlier.blob_sha <> later.blob_sha
UNION ALL
SELECT
  came.path,
  came.kind,
  IF(gone.path IS NULL, 'added', 'renamed') AS change,
  gone.path AS old_path,
  gone.size_bytes AS old_size_bytes,
  came.size_bytes
FROM came
LEFT JOIN gone ON gone.blob_sha = came.blob_sha AND gone.place = came.place
UNION ALL
SELECT gone.path, gone.kind, 'deleted' AS change, gone.path AS old_path, gone.size_bytes AS old_size_bytes, NULL AS size_bytes
FROM gone
LEFT JOIN came ON came.blob_sha = gone.blob_sha AND came.place = gone.place
WHERE came.path IS NULL
ORDER BY path, change
