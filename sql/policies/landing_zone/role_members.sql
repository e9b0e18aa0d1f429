/*
id: role_members
title: Guarded roles are held by listed members only
description: >
  The roles of the list are held by no member that is not listed. Entries of members may end in an
  asterisk. Projects and folders are judged by what they inherit as well. Nothing is examined until
  members are set.
severity: high
asset_types:
  - cloudresourcemanager.googleapis.com/Organization
  - cloudresourcemanager.googleapis.com/Folder
  - cloudresourcemanager.googleapis.com/Project
  - storage.googleapis.com/Bucket
  - bigquery.googleapis.com/Dataset
  - cloudkms.googleapis.com/CryptoKey
  - cloudkms.googleapis.com/KeyRing
  - iam.googleapis.com/ServiceAccount
  - pubsub.googleapis.com/Subscription
  - pubsub.googleapis.com/Topic
  - run.googleapis.com/Service
  - secretmanager.googleapis.com/Secret
needs: [members]
params:
  - {name: types, type: "ARRAY<STRING>", default: ["cloudresourcemanager.googleapis.com/Organization", "cloudresourcemanager.googleapis.com/Folder", "cloudresourcemanager.googleapis.com/Project", "storage.googleapis.com/Bucket", "bigquery.googleapis.com/Dataset", "cloudkms.googleapis.com/CryptoKey", "cloudkms.googleapis.com/KeyRing", "iam.googleapis.com/ServiceAccount", "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com/Topic", "run.googleapis.com/Service", "secretmanager.googleapis.com/Secret"], description: "Asset types to look at"}
  - {name: roles, type: "ARRAY<STRING>", default: ["roles/owner", "roles/resourcemanager.organizationAdmin", "roles/billing.admin", "roles/iam.securityAdmin", "roles/orgpolicy.policyAdmin"], description: "Roles that are guarded"}
  - {name: members, type: "ARRAY<STRING>", default: [], description: "Who may hold them, such as group:platform@example.com; empty: nothing is examined"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read. Deleted members do not count.
rationale: >
  The few roles that decide over all others deserve a list by name.
remediation:
  text: >
    Remove the binding, or put the member on the list after a review.
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
    CONCAT(member, ' has ', role, IF(inherited_from IS NULL, '', CONCAT(', inherited from ', inherited_from))) AS binding
  FROM iam_bindings
  WHERE asset_type IN UNNEST(@types)
    AND NOT STARTS_WITH(member, 'deleted:')
    AND role IN UNNEST(@roles)
    AND NOT EXISTS (
      SELECT 1 FROM UNNEST(@members) AS m
      WHERE m = member OR (ENDS_WITH(m, '*') AND STARTS_WITH(member, RTRIM(m, '*')))
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
  CASE WHEN p.name IS NOT NULL THEN 'fail' WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown' ELSE 'pass' END AS status,
  CASE
    WHEN p.name IS NOT NULL
      THEN CONCAT('Not on the list: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('Guarded roles are held by listed members only.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type IN UNNEST(@types)
  AND ARRAY_LENGTH(@members) > 0
