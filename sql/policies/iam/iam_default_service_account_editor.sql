/*
id: iam_default_service_account_editor
title: Default service accounts may not edit the project
description: >
  Neither the default account of Compute Engine nor that of App Engine is owner or editor of a project.
  Bindings set on folders and the organisation count for all that is below them. Members that are deleted
  (deleted:) hold nothing any more.
severity: high
asset_types: [cloudresourcemanager.googleapis.com/Project]
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project were read.
rationale: >
  Every machine and function that names no account of its own then may change all of the project.
remediation:
  text: >
    Remove the role, after giving what runs there accounts of its own; the organisation policy
    iam.automaticIamGrantsForDefaultServiceAccounts keeps it from coming back.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
  terraform: |
    resource "google_project_default_service_accounts" "{display_name}" {
      project = "{project_id}"
      action  = "DEPRIVILEGE"
    }
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
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
    AND REGEXP_CONTAINS(member, r'^serviceAccount:.+(-compute@developer|@appspot)\.gserviceaccount\.com$')
    AND role IN ('roles/owner', 'roles/editor')
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
      THEN CONCAT('Default service accounts: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project.'
    ELSE CONCAT('No default service account is owner or editor.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
