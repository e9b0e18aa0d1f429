/*
id: compute_snapshot_own_key
title: Snapshot uses a key of its own
description: >
  A snapshot must be encrypted with a key of Cloud KMS or a supplied one, not only with a key of Google.
severity: low
asset_types: [compute.googleapis.com/Snapshot]
rationale: >
  With a key of one's own, access to the data can be taken away and every use of the key is logged.
remediation:
  text: >
    The key cannot be changed in place: make it anew with a key, from a snapshot or image.
  gcloud: |
    gcloud compute snapshots create NEW-SNAPSHOT --project={project_id} --source-disk=DISK --kms-key=KEY
  terraform: |
    resource "google_compute_snapshot" "{display_name}" {
      snapshot_encryption_key {
        kms_key_self_link = google_kms_crypto_key.disks.id
      }
    }
defaults: >
  snapshotEncryptionKey: a key of Google.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.snapshotEncryptionKey.kmsKeyName') AS kms_key,
    JSON_VALUE(resource, '$.data.snapshotEncryptionKey.sha256') AS supplied
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Snapshot'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kms_key IS NOT NULL THEN 'pass'
    WHEN supplied IS NOT NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN kms_key IS NOT NULL THEN CONCAT('Encrypted with ', kms_key, '.')
    WHEN supplied IS NOT NULL THEN 'Encrypted with a customer-supplied key.'
    ELSE 'Encrypted with a key of Google only.'
  END AS reason,
  JSON_OBJECT('kmsKeyName', kms_key, 'suppliedKeySha256', supplied) AS evidence
FROM examined
