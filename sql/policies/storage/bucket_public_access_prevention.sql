/*
id: bucket_public_access_prevention
title: Buckets cannot be made public
description: >
  Public access prevention is enforced on the bucket, or by the organisation policy
  storage.publicAccessPrevention that is in effect on its project.
severity: high
asset_types: [storage.googleapis.com/Bucket]
defaults: >
  publicAccessPrevention absent or unspecified: inherited. An organisation policy with a condition on tags
  does not count.
rationale: >
  Then one careless binding cannot open the bucket.
remediation:
  text: >
    Enforce it on the bucket, or once for all by organisation policy.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --public-access-prevention
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      public_access_prevention = "enforced"
    }
grain: asset
*/
WITH enforced_above AS (
  SELECT
    resource,
    LOGICAL_OR(COALESCE(enforced, FALSE) AND condition IS NULL) AS enforced
  FROM org_policies
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
    AND constraint_name = 'storage.publicAccessPrevention'
  GROUP BY resource
),
found AS (
  SELECT
    a.name,
    JSON_QUERY(a.resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(a.resource, '$.data.iamConfiguration.publicAccessPrevention'), 'inherited') AS prevention,
    COALESCE(e.enforced, FALSE) AS by_policy
  FROM assets AS a
  LEFT JOIN enforced_above AS e ON e.resource = a.ancestors[SAFE_OFFSET(0)]
  WHERE a.asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN by_policy OR prevention = 'enforced' THEN 'pass'
    WHEN unseen THEN 'unknown'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN by_policy THEN 'The organisation policy storage.publicAccessPrevention is enforced on the project.'
    WHEN prevention = 'enforced' THEN 'Public access prevention is enforced on the bucket.'
    WHEN unseen THEN 'The resource was not collected.'
    ELSE CONCAT('Public access prevention is ', prevention, ' and no organisation policy seen enforces it.')
  END AS reason,
  TO_JSON(STRUCT(prevention, by_policy)) AS evidence
FROM found
