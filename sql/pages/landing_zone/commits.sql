/*
title: Commits
description: >
  One page of the commits that pass the filters, newest first. Those without a position came in by a merge.
params:
  - {name: path, type: STRING, default: null, description: Part of the path of a file it touches}
  - {name: authors, type: "ARRAY<STRING>", default: [], description: Names of authors; empty is all}
  - {name: search, type: STRING, default: null, description: Part of the message or of the id}
  - {name: page_size, type: INT64, default: 25, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: commit_sha
*/
SELECT
  commit_sha,
  position,
  committed_at,
  author,
  author_email,
  message,
  files_changed,
  ARRAY_LENGTH(parents) AS parents,
  COUNT(*) OVER () AS total
FROM git_commits
WHERE (ARRAY_LENGTH(@authors) = 0 OR COALESCE(author, 'unknown') IN UNNEST(@authors))
  AND (
    @path IS NULL
    OR EXISTS (SELECT 1 FROM UNNEST(files_changed) AS file WHERE STRPOS(LOWER(file), LOWER(@path)) > 0)
  )
  AND (
    @search IS NULL
    OR STRPOS(LOWER(COALESCE(message, '')), LOWER(@search)) > 0
    OR STARTS_WITH(commit_sha, LOWER(@search))
  )
ORDER BY committed_at DESC, position DESC, commit_sha
LIMIT @page_size OFFSET @skip
