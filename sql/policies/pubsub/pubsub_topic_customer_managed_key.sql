/*
id: pubsub_topic_customer_managed_key
title: Topics are encrypted with a key of your own
description: >
  The messages of the topic is encrypted with a key of Cloud KMS.
severity: low
asset_types: [pubsub.googleapis.com/Topic]
defaults: >
  kmsKeyName absent or empty: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Set the key. Where the service takes it only at creation, make a new one and move the data.
  gcloud: |
    gcloud pubsub topics update {display_name} --project={project_id} --topic-encryption-key=KEY
  terraform: |
    resource "google_pubsub_topic" "{display_name}" {
      kms_key_name = "KEY"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.kmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'pubsub.googleapis.com/Topic'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kms_key != '' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN kms_key != '' THEN CONCAT('Encrypted with ', kms_key, '.')
    ELSE 'Encrypted with a key that Google manages.'
  END AS reason,
  TO_JSON(STRUCT(kms_key)) AS evidence
FROM found
