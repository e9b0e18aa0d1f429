/*
id: bucket_public_by_iam
title: Buckets are not open to everyone
description: >
  No binding of a bucket, nor one for storage that it inherits from its project, folders or organisation, names
  allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [storage.googleapis.com/Bucket]
frameworks:
  cis_gcp: {"3.0": "5.1", "4.0": "5.1", "5.0": "5.1"}
rationale: >
  Anyone on the internet, or anyone with a Google account, can use what such a binding grants. Data that leaks this way
  leaks without a sign.
remediation:
  text: Remove the bindings of allUsers and allAuthenticatedUsers, and prevent public access on the bucket.
  gcloud: >-
    gcloud storage buckets update gs://{display_name} --public-access-prevention
  terraform: |
    resource "google_storage_bucket" "bucket" {
      name                     = "{display_name}"
      public_access_prevention = "enforced"
    }
defaults: >
  A bucket without bindings is open to nobody, and neither is one without a policy where other policies of the
  project were read.
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'storage.googleapis.com/Bucket'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/storage.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE resource IS NULL
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'storage.googleapis.com/Bucket') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
),
per_bucket AS (
  SELECT name, ARRAY_AGG(DISTINCT binding ORDER BY binding) AS bindings
  FROM opened
  GROUP BY name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN o.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The bucket is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the bucket was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_bucket AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'storage.googleapis.com/Bucket'
