/*
title: Contents of files at two commits
description: >
  The text of these files on each side. A file that is not there on a side has no row for it; text is null where the
  content is not text, too large or not fetched.
params:
  - {name: before, type: INT64, description: git_commits.position of the one side}
  - {name: after, type: INT64, description: git_commits.position of the other side}
  - {name: paths, type: "ARRAY<STRING>", description: Paths in the landing zone}
grain: side, path
*/
SELECT 'before' AS side, path, size_bytes, text
FROM git_versions
WHERE path IN UNNEST(@paths)
  AND from_position <= @before AND (until_position IS NULL OR until_position > @before)
UNION ALL
SELECT 'after' AS side, path, size_bytes, text
FROM git_versions
WHERE path IN UNNEST(@paths)
  AND from_position <= @after AND (until_position IS NULL OR until_position > @after)
ORDER BY side, path
