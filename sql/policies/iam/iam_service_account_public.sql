/*
id: iam_service_account_public
title: Not everyone may act as a service account
description: >
  No binding on a service account names allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [iam.googleapis.com/ServiceAccount]
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  What is set on the project is found by the rule on projects open to everyone.
rationale: >
  Anyone could get tokens of the account.
remediation:
  text: >
    Remove the binding.
  gcloud: |
    gcloud iam service-accounts remove-iam-policy-binding {display_name} --project={project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove google_service_account_iam_member with role = "ROLE" and member = "MEMBER" of {display_name}
grain: asset
*/
WITH hits AS (
  SELECT DISTINCT
    asset_name,
    CONCAT(
      member, ' has ', role,
      IF(condition IS NULL, '', ' under a condition'),
      IF(inherited_from IS NULL, '', CONCAT(', inherited from ', inherited_from))
    ) AS binding
  FROM iam_bindings
  WHERE asset_type = 'iam.googleapis.com/ServiceAccount'
    AND member IN ('allUsers', 'allAuthenticatedUsers')
),
per_asset AS (
  SELECT
    asset_name AS name,
    COUNT(*) AS total,
    STRING_AGG(binding, '; ' ORDER BY binding LIMIT 5) AS first_ones,
    ARRAY_AGG(binding ORDER BY binding LIMIT 100) AS bindings
  FROM hits
  GROUP BY asset_name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN p.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN p.name IS NOT NULL
      THEN CONCAT('Open to everyone: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'iam.googleapis.com/ServiceAccount'
