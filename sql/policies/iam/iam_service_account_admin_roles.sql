/*
id: iam_service_account_admin_roles
title: Service accounts hold no admin, owner or editor roles
description: >
  No service account of a user, the default ones included, holds owner, editor or a role with admin in its
  name. Google's own service agents do not count, nor do the roles made for them, such as
  roles/firebase.sdkAdminServiceAgent. Bindings set on folders and the organisation count for
  all that is below them. Members that are deleted (deleted:) hold nothing any more.
severity: high
asset_types:
  - cloudresourcemanager.googleapis.com/Organization
  - cloudresourcemanager.googleapis.com/Folder
  - cloudresourcemanager.googleapis.com/Project
frameworks:
  cis_gcp: {"3.0": "1.5", "4.0": "1.5", "5.0": "1.6"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read.
covers: >
  Identities of workload identity pools and Kubernetes service accounts.
rationale: >
  Whoever gets hold of a key or a machine of such an account owns the project.
remediation:
  text: >
    Grant the few roles the program needs, on the resources it needs.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove, in the module of {project_id}:
    # resource "google_project_iam_member" with role = "ROLE" and member = "MEMBER"
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
  WHERE asset_type IN (
      'cloudresourcemanager.googleapis.com/Organization',
      'cloudresourcemanager.googleapis.com/Folder',
      'cloudresourcemanager.googleapis.com/Project'
    )
    AND STARTS_WITH(member, 'serviceAccount:')
    AND REGEXP_CONTAINS(member, r'(\.iam|-compute@developer|@appspot)\.gserviceaccount\.com$')
    AND NOT REGEXP_CONTAINS(member, r'@gcp-sa-|^serviceAccount:service-\d+@')
    AND (
      role IN ('roles/owner', 'roles/editor')
      OR (
        REGEXP_CONTAINS(REGEXP_EXTRACT(role, r'[^/]+$'), r'(?i)admin')
        AND NOT ENDS_WITH(LOWER(role), 'serviceagent')
      )
    )
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
      THEN CONCAT('Service accounts with wide roles: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('No service account holds an admin, owner or editor role.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type IN (
    'cloudresourcemanager.googleapis.com/Organization',
    'cloudresourcemanager.googleapis.com/Folder',
    'cloudresourcemanager.googleapis.com/Project'
  )
