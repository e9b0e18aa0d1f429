/*
title: Search in the landing zone
description: >
  Files in which every word occurs, the best first. The weight of a word in a file is BM25; the last word may be the
  beginning of one, which counts less than the word itself.
params:
  - {name: words, type: "ARRAY<STRING>", default: [], description: "Whole words in lower case, each once, without the last one"}
  - {name: prefix, type: STRING, description: "The last word in lower case, as far as it is typed"}
  - {name: kinds, type: "ARRAY<STRING>", default: [], description: "doc, terraform, policy, config or other; empty is all"}
  - {name: page_size, type: INT64, default: 10, description: Rows per page}
  - {name: skip, type: INT64, default: 0, description: Rows before this page}
grain: path
*/
WITH matches AS (
  SELECT path, weight
  FROM git_terms
  WHERE term IN UNNEST(@words)
  UNION ALL
  SELECT path, MAX(IF(term = @prefix, weight, 0.6 * weight)) AS weight
  FROM git_terms
  WHERE term >= @prefix AND STARTS_WITH(term, @prefix)
  GROUP BY path
),
ranked AS (
  SELECT path, SUM(weight) AS score
  FROM matches
  GROUP BY path
  HAVING COUNT(*) = ARRAY_LENGTH(@words) + 1
)
SELECT f.path, f.kind, f.title, r.score, f.text, COUNT(*) OVER () AS total
FROM ranked AS r
JOIN git_files AS f ON f.path = r.path
WHERE ARRAY_LENGTH(@kinds) = 0 OR f.kind IN UNNEST(@kinds)
ORDER BY r.score DESC, f.path
LIMIT @page_size OFFSET @skip
