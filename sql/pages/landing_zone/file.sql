/*
title: One file of the landing zone
description: >
  A file with its text, where it has one.
params:
  - {name: path, type: STRING, description: Path in the landing zone}
grain: path
*/
SELECT path, kind, title, size_bytes, blob_sha, text, target, status, reason, commit_sha
FROM git_files
WHERE path = @path
