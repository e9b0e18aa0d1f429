/*
id: bigquery_dataset_public
title: Datasets are not open to everyone
description: >
  No binding of a dataset, nor one for its service that it inherits from its project, folders or
  organisation, names allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [bigquery.googleapis.com/Dataset]
frameworks:
  cis_gcp: {"3.0": "7.1", "4.0": "7.1", "5.0": "7.1"}
defaults: >
  A policy without bindings opens nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  Custom roles on the project, its folders or the organisation are not opened up: the rule on projects
  open to everyone finds those bindings.
rationale: >
  Its tables can be read, perhaps changed, by anyone with a Google account or none.
remediation:
  text: >
    Remove the bindings of allUsers and allAuthenticatedUsers; grant the role to the groups and service
    accounts that need it.
  gcloud: |
    bq show --format=prettyjson {project_id}:{display_name} > dataset.json # remove the entries of access that name everyone, then
    bq update --source dataset.json {project_id}:{display_name}
  terraform: |
    resource "google_bigquery_dataset_iam_member" "{display_name}" {
      dataset_id = "{display_name}"
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
      asset_type = 'bigquery.googleapis.com/Dataset'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/bigquery.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE asset_type = 'bigquery.googleapis.com/Dataset'
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'bigquery.googleapis.com/Dataset') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
  UNION ALL
  SELECT a.name, CONCAT(member, ' is ', COALESCE(JSON_VALUE(entry, '$.role'), 'READER'), ' in the access list')
  FROM (
    SELECT
      name,
      entry,
      COALESCE(JSON_VALUE(entry, '$.specialGroup'), JSON_VALUE(entry, '$.iamMember')) AS member
    FROM (SELECT name, resource FROM assets WHERE asset_type = 'bigquery.googleapis.com/Dataset')
    CROSS JOIN UNNEST(JSON_QUERY_ARRAY(resource, '$.data.access')) AS entry
  ) AS a
  WHERE member IN ('allUsers', 'allAuthenticatedUsers')
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
    WHEN a.iam_policy IS NULL AND r.scope IS NULL AND JSON_QUERY(a.resource, '$.data.access') IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The dataset is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL AND JSON_QUERY(a.resource, '$.data.access') IS NULL THEN 'The IAM policy of the dataset was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'bigquery.googleapis.com/Dataset'
