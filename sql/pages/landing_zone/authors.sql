/*
title: Authors of commits
description: >
  Who wrote the commits that are known, those with the most of them first.
grain: author
*/
SELECT COALESCE(author, 'unknown') AS author, COUNT(*) AS commits
FROM git_commits
GROUP BY author
ORDER BY commits DESC, author
