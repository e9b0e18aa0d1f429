/*
title: Number of files
description: >
  How many files there are of each kind and status, and their bytes as far as they are known.
grain: kind, status
*/
SELECT kind, status, COUNT(*) AS files, COALESCE(SUM(size_bytes), 0) AS size_bytes
FROM git_files
GROUP BY kind, status
ORDER BY kind, status
