/*
id: compute_image_own_key
title: Image uses a key of its own
description: >
  An image must be encrypted with a key of Cloud KMS or a supplied one, not only with a key of Google.
severity: low
asset_types: [compute.googleapis.com/Image]
rationale: >
  With a key of one's own, access to the data can be taken away and every use of the key is logged.
remediation:
  text: >
    The key cannot be changed in place: make it anew with a key, from a snapshot or image.
  gcloud: |
    gcloud compute images create NEW-IMAGE --project={project_id} --source-image={display_name} --kms-key=KEY
  terraform: |
    resource "google_compute_image" "{display_name}" {
      image_encryption_key {
        kms_key_self_link = google_kms_crypto_key.disks.id
      }
    }
defaults: >
  imageEncryptionKey: a key of Google.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.imageEncryptionKey.kmsKeyName') AS kms_key,
    JSON_VALUE(resource, '$.data.imageEncryptionKey.sha256') AS supplied
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Image'
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
