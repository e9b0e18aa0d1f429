/*
id: compute_instance_secure_boot
title: VM has secure boot
description: >
  Secure boot must be on: only signed boot loaders and kernel modules then start.
severity: medium
asset_types: [compute.googleapis.com/Instance]
rationale: >
  It stops rootkits that sit below the operating system.
remediation:
  text: >
    Stop the VM and switch secure boot on. Unsigned drivers no longer load.
  gcloud: |
    gcloud compute instances stop {display_name} --zone={location} --project={project_id}
    gcloud compute instances update {display_name} --zone={location} --project={project_id} --shielded-secure-boot
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      shielded_instance_config {
        enable_secure_boot = true
      }
    }
defaults: >
  shieldedInstanceConfig.enableSecureBoot: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(COALESCE(JSON_QUERY(resource, '$.data.shieldedInstanceConfig'), JSON_QUERY(resource, '$.data.shieldedVmConfig')), '$.enableSecureBoot'), 'false') AS secure_boot
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN secure_boot = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN secure_boot = 'true' THEN 'Secure boot is on.'
    ELSE 'Secure boot is off.'
  END AS reason,
  JSON_OBJECT('enableSecureBoot', secure_boot) AS evidence
FROM examined
