/*
id: subnet_flow_logs
title: Subnetwork has flow logs
description: >
  VPC flow logs must be on. Subnetworks that are kept for proxies, Private Service Connect or NAT cannot
  have them and are passed.
severity: medium
asset_types: [compute.googleapis.com/Subnetwork]
frameworks: {cis_gcp: {"3.0": "3.8", "4.0": "3.8", "5.0": "3.10"}}
rationale: >
  Flow logs are the only record of who talked to whom.
remediation:
  text: >
    Switch flow logs on.
  gcloud: |
    gcloud compute networks subnets update {display_name} --region={location} --project={project_id} --enable-flow-logs
  terraform: |
    resource "google_compute_subnetwork" "{display_name}" {
      log_config {
        aggregation_interval = "INTERVAL_5_SEC"
        flow_sampling        = 1.0
        metadata             = "INCLUDE_ALL_METADATA"
      }
    }
covers: >
  How much of the traffic is sampled is judged by subnet_flow_log_detail.
defaults: >
  logConfig.enable: false; enableFlowLogs: false; logConfig decides where both are there.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.purpose') AS purpose,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.enable'), JSON_VALUE(resource, '$.data.enableFlowLogs'), 'false') AS logs
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Subnetwork'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN purpose IN ('INTERNAL_HTTPS_LOAD_BALANCER', 'REGIONAL_MANAGED_PROXY', 'GLOBAL_MANAGED_PROXY', 'PRIVATE_SERVICE_CONNECT', 'PRIVATE_NAT', 'PEER_MIGRATION') THEN 'pass'
    WHEN logs = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN purpose IN ('INTERNAL_HTTPS_LOAD_BALANCER', 'REGIONAL_MANAGED_PROXY', 'GLOBAL_MANAGED_PROXY', 'PRIVATE_SERVICE_CONNECT', 'PRIVATE_NAT', 'PEER_MIGRATION') THEN CONCAT('Flow logs do not exist for the purpose ', purpose, '.')
    WHEN logs = 'true' THEN 'Flow logs are on.'
    ELSE 'Flow logs are off.'
  END AS reason,
  JSON_OBJECT('flowLogs', logs, 'purpose', purpose) AS evidence
FROM examined
