/*
id: bucket_versioning
title: Buckets keep older versions of objects
description: >
  Versioning is on, or a retention policy, which excludes versioning on most buckets, keeps objects from
  being overwritten.
severity: low
asset_types: [storage.googleapis.com/Bucket]
defaults: >
  versioning.enabled absent: off. retentionPolicy absent: none.
rationale: >
  An object that is overwritten by mistake is lost without its older version.
remediation:
  text: >
    Turn versioning on, with a lifecycle rule that removes old versions.
  gcloud: |
    gcloud storage buckets update gs://{display_name} --versioning
  terraform: |
    resource "google_storage_bucket" "{display_name}" {
      versioning {
        enabled = true
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.versioning.enabled'), 'false') AS versioning,
    SAFE_CAST(JSON_VALUE(resource, '$.data.retentionPolicy.retentionPeriod') AS INT64) AS retention
  FROM assets
  WHERE asset_type = 'storage.googleapis.com/Bucket'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN versioning = 'true' OR COALESCE(retention, 0) > 0 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN versioning = 'true' OR COALESCE(retention, 0) > 0 THEN IF(versioning = 'true', 'Versioning is on.', 'A retention policy keeps objects from being overwritten.')
    ELSE 'Versioning is off and there is no retention policy.'
  END AS reason,
  TO_JSON(STRUCT(versioning, retention)) AS evidence
FROM found
