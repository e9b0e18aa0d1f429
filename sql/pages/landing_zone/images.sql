/*
title: Images of a document
description: >
  The images at these paths. One that is not synced has no row.
params:
  - {name: paths, type: "ARRAY<STRING>", description: Paths in the landing zone}
grain: path
*/
SELECT path, media_type, size_bytes, content
FROM git_images
WHERE path IN UNNEST(@paths)
ORDER BY path
