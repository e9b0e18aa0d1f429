/*
id: denied_members
title: Denied members hold no role
description: >
  No member of the list holds a role. Entries may end in an asterisk. Projects and folders are judged by
  what they inherit as well. Nothing is examined until members are set.
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
params:
  - {name: types, type: "ARRAY<STRING>", default: ["cloudresourcemanager.googleapis.com/Organization", "cloudresourcemanager.googleapis.com/Folder", "cloudresourcemanager.googleapis.com/Project", "storage.googleapis.com/Bucket", "bigquery.googleapis.com/Dataset", "cloudkms.googleapis.com/CryptoKey", "cloudkms.googleapis.com/KeyRing", "iam.googleapis.com/ServiceAccount", "pubsub.googleapis.com/Subscription", "pubsub.googleapis.com/Topic", "run.googleapis.com/Service", "secretmanager.googleapis.com/Secret"], description: "Asset types to look at"}
  - {name: members, type: "ARRAY<STRING>", default: [], description: "Members who may hold no role, such as user:former@example.com; empty: nothing is examined"}
defaults: >
  A policy without bindings grants nothing. Deleted members do not count.
rationale: >
  Accounts of people who left and of partners whose contract ended should be found wherever they are.
remediation:
  text: >
    Remove the binding.
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
    AND EXISTS (
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
)
SELECT
  a.name AS asset_name,
  CASE WHEN p.name IS NOT NULL THEN 'fail' WHEN a.iam_policy IS NULL THEN 'unknown' ELSE 'pass' END AS status,
  CASE
    WHEN p.name IS NOT NULL
      THEN CONCAT('Denied members: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL THEN 'Its IAM policy was not collected.'
    ELSE 'No denied member holds a role.'
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
WHERE a.asset_type IN UNNEST(@types)
  AND ARRAY_LENGTH(@members) > 0
