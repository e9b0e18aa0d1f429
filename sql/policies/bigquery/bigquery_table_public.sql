/*
id: bigquery_table_public
title: Tables are not open to everyone
description: >
  No binding of a table, nor one for its service that it inherits from its dataset, from its project,
  folders or organisation, names allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [bigquery.googleapis.com/Table]
defaults: >
  A policy without bindings opens nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  Custom roles on the project, its folders or the organisation are not opened up: the rule on projects
  open to everyone finds those bindings.
rationale: >
  A single table can be shared past the rights of its dataset.
remediation:
  text: >
    Remove the bindings of allUsers and allAuthenticatedUsers; grant the role to the groups and service
    accounts that need it.
  gcloud: |
    bq remove-iam-policy-binding --member=allUsers --role=ROLE {project_id}:DATASET.{display_name}
  terraform: |
    resource "google_bigquery_table_iam_member" "{display_name}" {
      table_id = "{display_name}"
      role   = "ROLE"
      member = "group:TEAM@DOMAIN" # not allUsers, not allAuthenticatedUsers
    }
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, asset_type, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'bigquery.googleapis.com/Table'
      OR asset_type = 'bigquery.googleapis.com/Dataset'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/bigquery.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE asset_type = 'bigquery.googleapis.com/Table'
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'bigquery.googleapis.com/Table') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on the dataset')
  FROM assets AS a
  JOIN public_bindings AS p ON p.asset_name = REGEXP_EXTRACT(a.name, r'^(.+)/tables/')
  WHERE a.asset_type = 'bigquery.googleapis.com/Table' AND p.asset_type = 'bigquery.googleapis.com/Dataset'
),
per_asset AS (
  SELECT name, ARRAY_AGG(DISTINCT binding ORDER BY binding) AS bindings
  FROM opened
  GROUP BY name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN o.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The table is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the table was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'bigquery.googleapis.com/Table'
