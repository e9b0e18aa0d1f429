/*
id: network_legacy
title: No network is a legacy network
description: >
  Legacy networks have one range of addresses and no subnetworks: the field IPv4Range is set.
severity: medium
asset_types: [compute.googleapis.com/Network]
frameworks: {cis_gcp: {"3.0": "3.2", "4.0": "3.2", "5.0": "3.2"}}
rationale: >
  They know no subnetworks, private access, flow logs or shared VPC.
remediation:
  text: >
    Make a new network with subnetworks, move what uses the old one, and delete it.
  gcloud: |
    gcloud compute networks create NEW-NETWORK --project={project_id} --subnet-mode=custom
  terraform: |
    resource "google_compute_network" "main" {
      name                    = "main"
      auto_create_subnetworks = false
    }
defaults: >
  IPv4Range: absent except in legacy networks.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.IPv4Range'), JSON_VALUE(resource, '$.data.ipv4Range')) AS one_range
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Network'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN one_range IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN one_range IS NOT NULL THEN CONCAT('A legacy network with the one range ', one_range, '.')
    ELSE 'Has subnetworks.'
  END AS reason,
  JSON_OBJECT('IPv4Range', one_range) AS evidence
FROM examined
