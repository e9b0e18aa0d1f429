/*
id: iam_service_account_separation
title: Managing and using service accounts is apart
description: >
  No member holds both Service Account Admin and Service Account User on a project. Bindings set on
  folders and the organisation count for all that is below them. Members that are deleted (deleted:) hold
  nothing any more.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks:
  cis_gcp: {"3.0": "1.8", "4.0": "1.8", "5.0": "1.9"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  Two groups with the same people in them: members of groups are not in the inventory. Owner and editor
  hold both and are found by other rules.
rationale: >
  With both, a person makes an account, gives it rights and acts as it, with nobody looking on.
remediation:
  text: >
    Leave one of the two roles to somebody else.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove, in the module of {project_id}:
    # resource "google_project_iam_member" with role = "ROLE" and member = "MEMBER"
grain: asset
*/
WITH held AS (
  SELECT
    asset_name,
    member,
    STRING_AGG(
      DISTINCT IF(role = 'roles/iam.serviceAccountAdmin', NULL, role), ', '
    ) AS other_roles
  FROM iam_bindings
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
    AND role IN (
      'roles/iam.serviceAccountAdmin',
      'roles/iam.serviceAccountUser'
    )
    AND NOT STARTS_WITH(member, 'deleted:')
  GROUP BY asset_name, member
  HAVING LOGICAL_OR(role = 'roles/iam.serviceAccountAdmin') AND LOGICAL_OR(role != 'roles/iam.serviceAccountAdmin')
),
per_project AS (
  SELECT
    asset_name AS name,
    STRING_AGG(CONCAT(member, ' (', other_roles, ')'), '; ' ORDER BY member LIMIT 5) AS who,
    ARRAY_AGG(member ORDER BY member LIMIT 100) AS members
  FROM held
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
    WHEN p.name IS NOT NULL THEN CONCAT('Hold roles/iam.serviceAccountAdmin and more: ', p.who, '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the project was not collected, nor any other of its project.'
    ELSE CONCAT('No member holds roles/iam.serviceAccountAdmin together with a role that uses what it manages.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('members', p.members) END AS evidence
FROM assets AS a
LEFT JOIN per_project AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
