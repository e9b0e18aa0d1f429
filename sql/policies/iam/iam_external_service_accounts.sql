/*
id: iam_external_service_accounts
title: Service accounts of other organisations hold no roles
description: >
  Service accounts that hold a role on the organisation, a folder or a project are of a project in the
  inventory, or of one in the list allowed_projects. Google's own service agents do not count. Bindings
  set on folders and the organisation count for all that is below them. Members that are deleted
  (deleted:) hold nothing any more.
severity: high
asset_types:
  - cloudresourcemanager.googleapis.com/Organization
  - cloudresourcemanager.googleapis.com/Folder
  - cloudresourcemanager.googleapis.com/Project
params:
  - {name: allowed_projects, type: "ARRAY<STRING>", default: [], description: "Ids of further projects whose accounts may hold roles"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read.
covers: >
  Projects outside the scope that is read look like those of others: name them in allowed_projects.
rationale: >
  The other company decides who uses the account.
remediation:
  text: >
    Ask what it is for, then remove the binding or allow the project.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove, in the module of {project_id}:
    # resource "google_project_iam_member" with role = "ROLE" and member = "MEMBER"
grain: asset
*/
WITH known AS (
  SELECT DISTINCT project_id
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project' AND project_id IS NOT NULL
),
hits AS (
  SELECT DISTINCT
    b.asset_name,
    CONCAT(b.member, ' has ', b.role, IF(b.inherited_from IS NULL, '', CONCAT(', inherited from ', b.inherited_from))) AS binding
  FROM (
    SELECT
      asset_name,
      member,
      role,
      inherited_from,
      home,
      CASE
        WHEN STRPOS(home, '.') > 0 THEN CONCAT(SUBSTR(home, STRPOS(home, '.') + 1), ':', SPLIT(home, '.')[SAFE_OFFSET(0)])
        ELSE home
      END AS home_project
    FROM (
      SELECT
        asset_name, member, role, inherited_from,
        REGEXP_EXTRACT(member, r'@([^@]+)\.iam\.gserviceaccount\.com$') AS home
      FROM iam_bindings
      WHERE resource IS NOT NULL AND STARTS_WITH(member, 'serviceAccount:')
    )
  ) AS b
  LEFT JOIN known AS k ON k.project_id = b.home_project
  WHERE b.home IS NOT NULL
    AND NOT STARTS_WITH(b.home, 'gcp-sa-')
    AND NOT REGEXP_CONTAINS(b.member, r'^serviceAccount:service-\d+@')
    AND k.project_id IS NULL
    AND b.home NOT IN UNNEST(@allowed_projects)
),
per_asset AS (
  SELECT
    asset_name AS name,
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
    WHEN a.iam_policy IS NULL AND r.scope IS NULL AND p.name IS NULL THEN 'unknown'
    WHEN p.name IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN p.name IS NOT NULL THEN CONCAT('From projects that are not in the inventory: ', p.first_ones, '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('All service accounts are of projects in the inventory.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type IN (
    'cloudresourcemanager.googleapis.com/Organization',
    'cloudresourcemanager.googleapis.com/Folder',
    'cloudresourcemanager.googleapis.com/Project'
  )
