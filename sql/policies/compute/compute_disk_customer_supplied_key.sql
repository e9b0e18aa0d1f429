/*
id: compute_disk_customer_supplied_key
title: Disk uses a customer-supplied key
description: >
  The disk must be encrypted with a key that the customer supplies and Google does not keep.
severity: low
asset_types: [compute.googleapis.com/Disk, compute.googleapis.com/RegionDisk]
frameworks: {cis_gcp: {"3.0": "4.7", "4.0": "4.7", "5.0": "4.7"}}
params:
  - {name: only_project, type: STRING, default: null, description: "Examine only the disks of this project; null is all"}
rationale: >
  With a supplied key nobody without it can read the disk, Google included. A lost key is a lost disk.
remediation:
  text: >
    Make a snapshot, and from it a new disk with a supplied key. Where a Cloud KMS key is enough, switch
    this rule off and use compute_disk_own_key.
  gcloud: |
    gcloud compute disks create NEW-DISK --zone={location} --project={project_id} --source-snapshot=SNAPSHOT --csek-key-file=keys.json
  terraform: |
    resource "google_compute_disk" "{display_name}" {
      disk_encryption_key {
        raw_key = var.disk_key
      }
    }
covers: >
  Which disks are critical: the rule examines all of them, or those of one project.
defaults: >
  diskEncryptionKey: a key of Google.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.diskEncryptionKey.sha256') AS supplied,
    JSON_VALUE(resource, '$.data.diskEncryptionKey.kmsKeyName') AS kms_key
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/Disk',
    'compute.googleapis.com/RegionDisk'
  )
    AND (@only_project IS NULL OR project_id = @only_project)
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN supplied IS NOT NULL THEN 'pass'
    WHEN kms_key IS NOT NULL THEN 'fail'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN supplied IS NOT NULL THEN 'Encrypted with a customer-supplied key.'
    WHEN kms_key IS NOT NULL THEN CONCAT('Encrypted with the Cloud KMS key ', kms_key, ', not with a supplied one.')
    ELSE 'Encrypted with a key of Google only.'
  END AS reason,
  JSON_OBJECT('sha256', supplied, 'kmsKeyName', kms_key) AS evidence
FROM examined
