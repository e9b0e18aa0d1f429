/*
title: Commits to a file
description: The newest commits that touch one file of the landing zone.
params:
  - {name: path, type: STRING, description: Path in the repository}
  - {name: top, type: INT64, default: 5, description: How many}
grain: commit_sha
*/
SELECT commit_sha, committed_at, author, message
FROM git_commits
WHERE @path IN UNNEST(files_changed)
ORDER BY committed_at DESC, commit_sha
LIMIT @top
