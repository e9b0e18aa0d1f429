/*
id: bucket_default_acl_not_public
title: New objects of a bucket are not public
description: >
  Neither the access list of a bucket nor the default list of its new objects names allUsers or
  allAuthenticatedUsers. Lists are without effect under uniform access or public access prevention.
severity: high
asset_types: [storage.googleapis.com/Bucket]
defaults: >
  acl and defaultObjectAcl absent: nobody but the project.
covers: >
  Access lists of single objects are not in the inventory.
rationale: >
  Every file that is uploaded to such a bucket is on the internet at once.
remediation:
  text: >
    Remove the entries, or turn uniform bucket-level access on.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --remove-default-object-acl-grant=allUsers --remove-acl-grant=allUsers
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
    ) AS uniform,
    COALESCE(JSON_VALUE(resource, '$.data.iamConfiguration.publicAccessPrevention'), 'inherited') AS prevention,
    (
      SELECT STRING_AGG(
        CONCAT(JSON_VALUE(entry, '$.entity'), ' is ', COALESCE(JSON_VALUE(entry, '$.role'), 'READER')), ', '
        ORDER BY JSON_VALUE(entry, '$.entity')
      )
      FROM UNNEST(
        ARRAY_CONCAT(
          COALESCE(JSON_QUERY_ARRAY(resource, '$.data.defaultObjectAcl'), []),
          COALESCE(JSON_QUERY_ARRAY(resource, '$.data.acl'), [])
        )
      ) AS entry
      WHERE JSON_VALUE(entry, '$.entity') IN ('allUsers', 'allAuthenticatedUsers')
    ) AS public
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN public IS NULL OR uniform = 'true' OR prevention = 'enforced' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN public IS NULL OR uniform = 'true' OR prevention = 'enforced' THEN IF(public IS NULL, 'No access list names everyone.', 'The access lists name everyone, but are without effect here.')
    ELSE CONCAT('Access lists: ', public, '.')
  END AS reason,
  TO_JSON(STRUCT(public, uniform, prevention)) AS evidence
FROM found
