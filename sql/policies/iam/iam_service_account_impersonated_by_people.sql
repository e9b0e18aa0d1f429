/*
id: iam_service_account_impersonated_by_people
title: Single people cannot take tokens of service accounts
description: >
  No binding on a service account lets a single person or a whole domain take its tokens or make keys for
  it. Groups and other service accounts may.
severity: medium
asset_types: [iam.googleapis.com/ServiceAccount]
params:
  - {name: roles, type: "ARRAY<STRING>", default: ["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin", "roles/iam.serviceAccountAdmin", "roles/iam.serviceAccountOpenIdTokenCreator", "roles/owner", "roles/editor"], description: "Roles that give tokens, keys or both"}
  - {name: accept_conditions, type: BOOL, default: false, description: "Bindings with a condition are fine"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  What a condition says is not judged. Roles on the project are found by another rule.
rationale: >
  What the account does then carries no name of a person in most logs.
remediation:
  text: >
    Grant the role to a group that is joined for a limited time.
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
    AND role IN UNNEST(@roles)
    AND REGEXP_CONTAINS(member, r'^(user|domain):')
    AND NOT (@accept_conditions AND condition IS NOT NULL)
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
      THEN CONCAT('May take tokens or keys: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project.'
    ELSE CONCAT('No single person may take tokens or keys of it.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'iam.googleapis.com/ServiceAccount'
