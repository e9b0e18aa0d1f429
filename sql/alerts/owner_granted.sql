/*
title: Owner granted
description: >
  Somebody was given roles/owner within the last days and still has it. Afterwards it counts as known.
severity: critical
remediation: >
  Ask who granted it why. Owner can change everything and grant it on: take it away, and grant the narrow roles that
  are needed.
params:
  - {name: days, type: INT64, default: 30, description: How long a grant counts as new}
  - {name: now, type: TIMESTAMP, default: null, description: The instant to judge at; null is the present}
grain: asset, member
*/
WITH clock AS (
  SELECT COALESCE(@now, CURRENT_TIMESTAMP()) AS now
),
changed AS (
  SELECT c.change_id, c.name, c.display_name, c.asset_type, c.changed_at, c.actor, c.before, c.after
  FROM asset_changes AS c
  CROSS JOIN clock
  WHERE c.date >= DATE(TIMESTAMP_SUB(clock.now, INTERVAL @days DAY))
    AND c.change_type != 'deleted'
    AND (c.change_type = 'created' OR 'iam_policy' IN UNNEST(c.changed_fields))
),
owners_after AS (
  SELECT c.change_id, c.name, c.display_name, c.asset_type, c.changed_at, c.actor, member
  FROM changed AS c
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(c.after, '$.iam_policy.bindings')) AS binding
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(binding, '$.members')) AS member
  WHERE JSON_VALUE(binding, '$.role') = 'roles/owner'
),
owners_before AS (
  SELECT DISTINCT c.change_id, member
  FROM changed AS c
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(c.before, '$.iam_policy.bindings')) AS binding
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(binding, '$.members')) AS member
  WHERE JSON_VALUE(binding, '$.role') = 'roles/owner'
),
granted AS (
  SELECT
    a.name,
    a.display_name,
    a.member,
    a.actor,
    a.changed_at,
    ROW_NUMBER() OVER (PARTITION BY a.name, a.member ORDER BY a.changed_at DESC, a.change_id DESC) AS newest
  FROM owners_after AS a
  LEFT JOIN owners_before AS b ON b.change_id = a.change_id AND b.member = a.member
  WHERE b.change_id IS NULL
),
held AS (
  SELECT DISTINCT a.name, member
  FROM assets AS a
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(a.iam_policy, '$.bindings')) AS binding
  CROSS JOIN UNNEST(JSON_VALUE_ARRAY(binding, '$.members')) AS member
  WHERE a.name IN (SELECT name FROM granted) AND JSON_VALUE(binding, '$.role') = 'roles/owner'
)
SELECT
  CONCAT(g.name, '|', g.member) AS subject,
  CONCAT(
    g.member, ' is owner of ', COALESCE(g.display_name, REGEXP_EXTRACT(g.name, r'[^/]+$')), ' since ',
    FORMAT_TIMESTAMP('%Y-%m-%d %H:%M', g.changed_at), ' UTC',
    IF(g.actor IS NULL, '; by whom is not known.', CONCAT(', granted by ', g.actor, '.'))
  ) AS summary,
  JSON_OBJECT('page', 'infrastructure', 'asset', g.name) AS link
FROM granted AS g
JOIN held AS h ON h.name = g.name AND h.member = g.member
WHERE g.newest = 1
ORDER BY subject
