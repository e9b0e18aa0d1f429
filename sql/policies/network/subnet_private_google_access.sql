/*
id: subnet_private_google_access
title: Subnetwork reaches Google without a public address
description: >
  Private Google Access must be on. Subnetworks kept for proxies, Private Service Connect or NAT are passed.
severity: low
asset_types: [compute.googleapis.com/Subnetwork]
rationale: >
  Without it machines need a public address or NAT to reach Google's APIs.
remediation:
  text: >
    Switch Private Google Access on.
  gcloud: |
    gcloud compute networks subnets update {display_name} --region={location} --project={project_id} --enable-private-ip-google-access
  terraform: |
    resource "google_compute_subnetwork" "{display_name}" {
      private_ip_google_access = true
    }
defaults: >
  privateIpGoogleAccess: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.purpose') AS purpose,
    COALESCE(JSON_VALUE(resource, '$.data.privateIpGoogleAccess'), 'false') AS private_access
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Subnetwork'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN purpose IN ('INTERNAL_HTTPS_LOAD_BALANCER', 'REGIONAL_MANAGED_PROXY', 'GLOBAL_MANAGED_PROXY', 'PRIVATE_SERVICE_CONNECT', 'PRIVATE_NAT', 'PEER_MIGRATION') THEN 'pass'
    WHEN private_access = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN purpose IN ('INTERNAL_HTTPS_LOAD_BALANCER', 'REGIONAL_MANAGED_PROXY', 'GLOBAL_MANAGED_PROXY', 'PRIVATE_SERVICE_CONNECT', 'PRIVATE_NAT', 'PEER_MIGRATION') THEN CONCAT('Does not apply to the purpose ', purpose, '.')
    WHEN private_access = 'true' THEN 'Private Google Access is on.'
    ELSE 'Private Google Access is off.'
  END AS reason,
  JSON_OBJECT('privateIpGoogleAccess', private_access) AS evidence
FROM examined
