/*
title: One dead letter
description: >
  All of it; of large ones the first bytes.
params:
  - {name: dead_letter_id, type: STRING, description: Its id}
grain: dead letter
*/
SELECT
  dead_letter_id,
  received_at,
  layer,
  run_id,
  source,
  position,
  reason,
  size_bytes,
  raw,
  raw_file,
  status,
  resolved_by,
  resolved_at,
  resolution
FROM dead_letters
WHERE dead_letter_id = @dead_letter_id
