/*
title: Dead letters
description: >
  Those that pass the filters, newest first, without their bytes.
params:
  - {name: statuses, type: "ARRAY<STRING>", default: [], description: "open, replayed, discarded; empty is all"}
  - {name: layers, type: "ARRAY<STRING>", default: [], description: Chosen layers; empty is all}
  - {name: reason, type: STRING, default: null, description: Exactly this reason}
  - {name: search, type: STRING, default: null, description: Part of the reason or the source}
  - {name: page_size, type: INT64, default: 200, description: Most rows to return}
grain: dead letter
*/
SELECT
  dead_letter_id,
  received_at,
  layer,
  source,
  position,
  reason,
  size_bytes,
  status,
  resolved_by,
  resolved_at,
  resolution
FROM dead_letters
WHERE (ARRAY_LENGTH(@statuses) = 0 OR status IN UNNEST(@statuses))
  AND (ARRAY_LENGTH(@layers) = 0 OR layer IN UNNEST(@layers))
  AND (@reason IS NULL OR reason = @reason)
  AND (@search IS NULL OR STRPOS(LOWER(CONCAT(reason, ' ', source)), LOWER(@search)) > 0)
ORDER BY received_at DESC, dead_letter_id
LIMIT @page_size
