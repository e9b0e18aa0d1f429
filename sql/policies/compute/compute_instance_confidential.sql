/*
id: compute_instance_confidential
title: VM uses Confidential Computing
description: >
  The memory of the VM must be encrypted by the processor.
severity: low
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.11", "4.0": "4.11", "5.0": "4.11"}}
rationale: >
  Data in use is the last kind that is in the clear: memory encryption keeps it from whoever reaches the
  host.
remediation:
  text: >
    Only a new VM can have it, on a machine type that supports it.
  gcloud: |
    gcloud compute instances create {display_name} --zone={location} --project={project_id} --confidential-compute-type=SEV --machine-type=n2d-standard-2
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      confidential_instance_config {
        confidential_instance_type = "SEV"
      }
    }
defaults: >
  confidentialInstanceConfig: off.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.confidentialInstanceConfig.enableConfidentialCompute') AS enabled,
    JSON_VALUE(resource, '$.data.confidentialInstanceConfig.confidentialInstanceType') AS kind
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN enabled = 'true' OR kind IN ('SEV', 'SEV_SNP', 'TDX') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN enabled = 'true' OR kind IN ('SEV', 'SEV_SNP', 'TDX') THEN CONCAT('Confidential Computing is on', COALESCE(CONCAT(' (', kind, ')'), ''), '.')
    ELSE 'Confidential Computing is off.'
  END AS reason,
  JSON_OBJECT('enableConfidentialCompute', enabled, 'confidentialInstanceType', kind) AS evidence
FROM examined
