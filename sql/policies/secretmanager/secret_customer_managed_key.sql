/*
id: secret_customer_managed_key
title: Secrets are encrypted with a key of your own
description: >
  The secret, with automatic replication, or every replica of it, has a key of Cloud KMS.
severity: low
asset_types: [secretmanager.googleapis.com/Secret]
defaults: >
  customerManagedEncryption absent: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Replication cannot be changed, but the key can: set it, then add a new version.
  gcloud: |
    gcloud secrets replication update {display_name} --project={project_id} --set-kms-key=KEY
  terraform: |
    resource "google_secret_manager_secret" "{display_name}" {
      replication {
        auto {
          customer_managed_encryption {
            kms_key_name = "KEY"
          }
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.replication.automatic.customerManagedEncryption.kmsKeyName') AS kms_key,
    (
      SELECT COUNT(*)
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.replication.userManaged.replicas')) AS replica
      WHERE JSON_VALUE(replica, '$.customerManagedEncryption.kmsKeyName') IS NOT NULL
    ) AS with_key,
    COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(resource, '$.data.replication.userManaged.replicas')), 0) AS replicas
  FROM assets
  WHERE asset_type = 'secretmanager.googleapis.com/Secret'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kms_key IS NOT NULL OR (replicas > 0 AND with_key = replicas) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN kms_key IS NOT NULL OR (replicas > 0 AND with_key = replicas) THEN 'Every replica is encrypted with a key of Cloud KMS.'
    ELSE IF(replicas > 0, CONCAT(CAST(with_key AS STRING), ' of ', CAST(replicas AS STRING), ' replicas have a key of your own.'), 'Encrypted with a key that Google manages.')
  END AS reason,
  TO_JSON(STRUCT(kms_key, replicas, with_key)) AS evidence
FROM found
