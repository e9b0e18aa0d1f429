/*
title: States of the landing zone
description: >
  The commits in the line of first parents, newest first: each is a state that can be compared with any other.
grain: position
*/
SELECT position, commit_sha, committed_at, author, SPLIT(COALESCE(message, ''), '\n')[SAFE_OFFSET(0)] AS subject
FROM git_commits
WHERE position IS NOT NULL
ORDER BY position DESC
