/*
id: iam_primitive_roles
title: Nobody holds a primitive role
description: >
  Owner and editor are held by nobody but the agent of Google's own services and those of the list exempt.
  Bindings set on folders and the organisation count for all that is below them. Members that are deleted
  (deleted:) hold nothing any more.
severity: medium
asset_types:
  - cloudresourcemanager.googleapis.com/Project
  - cloudresourcemanager.googleapis.com/Folder
  - cloudresourcemanager.googleapis.com/Organization
params:
  - {name: roles, type: "ARRAY<STRING>", default: ["roles/owner", "roles/editor"], description: "Roles that count as primitive"}
  - {name: exempt, type: "ARRAY<STRING>", default: [], description: "Members who may hold them, such as a group for emergencies"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read.
rationale: >
  These roles span nearly all services: thousands of permissions where ten are needed.
remediation:
  text: >
    Replace the role by predefined ones of the services that are used.
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
      'cloudresourcemanager.googleapis.com/Project',
      'cloudresourcemanager.googleapis.com/Folder',
      'cloudresourcemanager.googleapis.com/Organization'
    )
    AND role IN UNNEST(@roles)
    AND REGEXP_CONTAINS(member, r'^(user|group|domain|serviceAccount|principal|principalSet):')
    AND NOT ENDS_WITH(member, '@cloudservices.gserviceaccount.com')
    AND member NOT IN UNNEST(@exempt)
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
      THEN CONCAT('Primitive roles: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('No member holds a primitive role.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type IN (
    'cloudresourcemanager.googleapis.com/Project',
    'cloudresourcemanager.googleapis.com/Folder',
    'cloudresourcemanager.googleapis.com/Organization'
  )
