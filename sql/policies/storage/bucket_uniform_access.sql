/*
id: bucket_uniform_access
title: Buckets grant access through IAM alone
description: >
  Uniform bucket-level access is on, under its present name or the older bucketPolicyOnly.
severity: medium
asset_types: [storage.googleapis.com/Bucket]
frameworks:
  cis_gcp: {"3.0": "5.2", "4.0": "5.2", "5.0": "5.2"}
defaults: >
  Both fields absent or null: off.
rationale: >
  Access lists of single objects are seen by nobody who looks at the bucket.
remediation:
  text: >
    Check which objects are shared by access lists, grant that through IAM, then turn it on.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --uniform-bucket-level-access
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      uniform_bucket_level_access = true
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(
      JSON_VALUE(resource, '$.data.iamConfiguration.uniformBucketLevelAccess.enabled'),
      JSON_VALUE(resource, '$.data.iamConfiguration.bucketPolicyOnly.enabled'),
      'false'
    ) AS uniform
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN uniform = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN uniform = 'true' THEN 'Uniform bucket-level access is on.'
    ELSE 'Uniform bucket-level access is off: single objects may be shared.'
  END AS reason,
  TO_JSON(STRUCT(uniform)) AS evidence
FROM found
