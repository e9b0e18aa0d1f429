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
WITH hits AS (
  SELECT
    path,
    weight,
    term IN UNNEST(@words) AS is_word,
    CASE
      WHEN term = @prefix THEN weight
      WHEN STARTS_WITH(term, @prefix) THEN 0.6 * weight
    END AS beginning
  FROM git_terms
  WHERE STARTS_WITH(term, @prefix) OR term IN UNNEST(@words)
),
ranked AS (
  SELECT path, SUM(IF(is_word, weight, 0)) + MAX(beginning) AS score
  FROM hits
  GROUP BY path
  HAVING COUNTIF(is_word) = ARRAY_LENGTH(@words) AND MAX(beginning) IS NOT NULL
),
page AS (
  SELECT r.path, r.score, COUNT(*) OVER () AS total
  FROM ranked AS r
  JOIN git_files AS f ON f.path = r.path
  WHERE ARRAY_LENGTH(@kinds) = 0 OR f.kind IN UNNEST(@kinds)
  ORDER BY r.score DESC, r.path
  LIMIT @page_size OFFSET @skip
)
SELECT f.path, f.kind, f.title, page.score, f.text, page.total
FROM page
JOIN git_files AS f ON f.path = page.path
ORDER BY page.score DESC, f.path
