/*
title: Dead letters by status
description: >
  How many are open, replayed and discarded, and since when the oldest open one waits.
grain: one row
*/
SELECT
  COUNTIF(status = 'open') AS open,
  COUNTIF(status = 'replayed') AS replayed,
  COUNTIF(status = 'discarded') AS discarded,
  MIN(IF(status = 'open', received_at, NULL)) AS oldest,
  MAX(IF(status = 'open', received_at, NULL)) AS newest
FROM dead_letters
