/*
id: iam_super_admin_daily_use
title: Administrators of the organisation use another account for daily work
description: >
  People who are Organisation Administrator hold no role beyond those of that duty, anywhere in the
  inventory.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Organization]
frameworks:
  cis_gcp: {"5.0": "1.1.2"}
params:
  - {name: admin_roles, type: "ARRAY<STRING>", default: ["roles/resourcemanager.organizationAdmin", "roles/billing.admin", "roles/iam.organizationRoleAdmin", "roles/orgpolicy.policyAdmin", "roles/resourcemanager.folderAdmin", "roles/resourcemanager.projectCreator", "roles/iam.securityAdmin"], description: "Roles that belong to administering the organisation"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read.
covers: >
  Who is super administrator, and what that account does, is in the directory, not in the inventory: the
  role Organisation Administrator stands for it.
rationale: >
  An account that may change everything should not also read mail and open links all day.
remediation:
  text: >
    Give the person a second account for administration, and take the other roles from it.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove, in the module of {project_id}:
    # resource "google_project_iam_member" with role = "ROLE" and member = "MEMBER"
grain: asset
*/
WITH admins AS (
  SELECT DISTINCT asset_name, resource, member
  FROM iam_bindings
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Organization'
    AND role = 'roles/resourcemanager.organizationAdmin'
    AND STARTS_WITH(member, 'user:')
),
daily AS (
  SELECT
    a.asset_name AS name,
    a.member,
    COUNT(*) AS grants,
    MIN(CONCAT(b.role, ' on ', b.asset_name)) AS example
  FROM admins AS a
  JOIN iam_bindings AS b ON b.member = a.member
  WHERE b.inherited_from IS NULL AND b.role NOT IN UNNEST(@admin_roles)
  GROUP BY a.asset_name, a.member
),
per_org AS (
  SELECT
    name,
    STRING_AGG(CONCAT(member, ' has ', example), '; ' ORDER BY member LIMIT 5) AS who,
    ARRAY_AGG(member ORDER BY member LIMIT 100) AS members
  FROM daily
  GROUP BY name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  o.name AS asset_name,
  CASE WHEN p.name IS NOT NULL THEN 'fail' WHEN o.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown' ELSE 'pass' END AS status,
  CASE
    WHEN p.name IS NOT NULL THEN CONCAT('Administrators with other roles: ', p.who, '.')
    WHEN o.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the organisation was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('No administrator of the organisation holds another role.', IF(o.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('members', p.members) END AS evidence
FROM assets AS o
LEFT JOIN per_org AS p ON p.name = o.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(o.project_id, o.organization)
WHERE o.asset_type = 'cloudresourcemanager.googleapis.com/Organization'
