/*
title: Files of the landing zone
description: >
  Every file at the synced commit that passes the filters, without its content: what it is, where it is published,
  and why it was refused where it was.
params:
  - {name: kinds, type: "ARRAY<STRING>", default: [], description: "doc, terraform, policy, config or other; empty is all"}
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: "synced, refused or not_mapped; empty is all"}
  - {name: folder, type: STRING, default: null, description: "Folder with those below it, such as docs; null is all"}
grain: path
*/
SELECT path, kind, title, size_bytes, status, reason, target, commit_sha
FROM git_files
WHERE (ARRAY_LENGTH(@kinds) = 0 OR kind IN UNNEST(@kinds))
  AND (ARRAY_LENGTH(@statuses) = 0 OR status IN UNNEST(@statuses))
  AND (@folder IS NULL OR STARTS_WITH(path, CONCAT(@folder, '/')))
ORDER BY path
