/*
id: dataproc_cluster_customer_managed_key
title: Dataproc clusters encrypt disks with a key of your own
description: >
  The persistent disk of every node is encrypted with a key of Cloud KMS.
severity: medium
asset_types: [dataproc.googleapis.com/Cluster]
frameworks:
  cis_gcp: {"3.0": "8.1", "4.0": "8.1", "5.0": "8.1"}
defaults: >
  config.encryptionConfig.gcePdKmsKeyName absent or empty: a key managed by Google.
rationale: >
  Your own key can be rotated, watched and withdrawn.
remediation:
  text: >
    Set the key. Where the service takes it only at creation, make a new one and move the data.
  gcloud: |
    gcloud dataproc clusters create {display_name}-cmek --project={project_id} --region={location} --gce-pd-kms-key=KEY
  terraform: |
    resource "google_dataproc_cluster" "{display_name}" {
      cluster_config {
        encryption_config {
          kms_key_name = "KEY"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.config.encryptionConfig.gcePdKmsKeyName'), '') AS kms_key
  FROM assets
  WHERE asset_type = 'dataproc.googleapis.com/Cluster'
    AND (resource IS NULL OR JSON_QUERY(resource, '$.data.virtualClusterConfig') IS NULL)
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
