/*
id: allowed_roles
title: Only allowed roles are granted
description: >
  Every role that is granted is on the list of allowed roles, where there is one, and not on the list of
  denied ones. Entries may end in an asterisk. Projects and folders are judged by what they inherit as
  well. Nothing is examined until one of the lists is set.
severity: medium
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
needs: [allowed, denied]
params:
  - {name: types, type: "ARRAY<STRING>", default: ["cloudresourcemanager.googleapis.com/Organization", "cloudresourcemanager.googleapis.com/Folder", "cloudresourcemanager.googleapis.com/Project", "storage.googleapis.com/Bucket", "bigquery.googleapis.com/Dataset", "cloudkms.googleapis.com/CryptoKey", "cloudkms.googleapis.com/KeyRing", "iam.googleapis.com/ServiceAccount", "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com/Topic", "run.googleapis.com/Service", "secretmanager.googleapis.com/Secret"], description: "Asset types to look at"}
  - {name: allowed, type: "ARRAY<STRING>", default: [], description: "Allowed roles, such as roles/storage.*; empty: all"}
  - {name: denied, type: "ARRAY<STRING>", default: [], description: "Denied roles; they win over allowed ones"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project or organisation were read. Deleted members do not count.
rationale: >
  A short list of roles can be understood by those who review it.
remediation:
  text: >
    Replace the role by an allowed one.
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
    AND (
      EXISTS (
        SELECT 1 FROM UNNEST(@denied) AS d
        WHERE d = role OR (ENDS_WITH(d, '*') AND STARTS_WITH(role, RTRIM(d, '*')))
      )
      OR (
        ARRAY_LENGTH(@allowed) > 0
        AND NOT EXISTS (
          SELECT 1 FROM UNNEST(@allowed) AS d
          WHERE d = role OR (ENDS_WITH(d, '*') AND STARTS_WITH(role, RTRIM(d, '*')))
        )
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
  CASE WHEN p.name IS NOT NULL THEN 'fail' WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown' ELSE 'pass' END AS status,
  CASE
    WHEN p.name IS NOT NULL
      THEN CONCAT('Roles that are not allowed: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project or organisation.'
    ELSE CONCAT('All roles are allowed.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type IN UNNEST(@types)
  AND (ARRAY_LENGTH(@allowed) > 0 OR ARRAY_LENGTH(@denied) > 0)
