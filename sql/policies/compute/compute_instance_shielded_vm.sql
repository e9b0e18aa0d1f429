/*
id: compute_instance_shielded_vm
title: VM has vTPM and integrity monitoring
description: >
  Both the virtual trusted platform module and integrity monitoring must be on.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.8", "4.0": "4.8", "5.0": "4.8"}}
rationale: >
  They show that the machine started with the code it should, and when that changes.
remediation:
  text: >
    Stop the VM and switch both on. Its image must support UEFI.
  gcloud: |
    gcloud compute instances stop {display_name} --zone={location} --project={project_id}
    gcloud compute instances update {display_name} --zone={location} --project={project_id} --shielded-vtpm --shielded-integrity-monitoring
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      shielded_instance_config {
        enable_vtpm                 = true
        enable_integrity_monitoring = true
      }
    }
covers: >
  Secure boot, which the benchmark only recommends here, has a rule of its own.
defaults: >
  shieldedInstanceConfig: absent for images without UEFI: all off.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(COALESCE(JSON_QUERY(resource, '$.data.shieldedInstanceConfig'), JSON_QUERY(resource, '$.data.shieldedVmConfig')), '$.enableVtpm'), 'false') AS vtpm,
    COALESCE(JSON_VALUE(COALESCE(JSON_QUERY(resource, '$.data.shieldedInstanceConfig'), JSON_QUERY(resource, '$.data.shieldedVmConfig')), '$.enableIntegrityMonitoring'), 'false') AS monitoring
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN vtpm = 'true' AND monitoring = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN vtpm = 'true' AND monitoring = 'true' THEN 'vTPM and integrity monitoring are on.'
    ELSE CONCAT('vTPM: ', vtpm, ', integrity monitoring: ', monitoring, '.')
  END AS reason,
  JSON_OBJECT('enableVtpm', vtpm, 'enableIntegrityMonitoring', monitoring) AS evidence
FROM examined
