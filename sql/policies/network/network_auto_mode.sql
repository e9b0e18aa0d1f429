/*
id: network_auto_mode
title: Network makes its subnetworks by plan
description: >
  A network in auto mode makes a subnetwork in every region, with ranges that are the same in every such
  network.
severity: low
asset_types: [compute.googleapis.com/Network]
rationale: >
  Equal ranges cannot be peered or reached over a VPN, and regions nobody uses have subnetworks.
remediation:
  text: >
    Switch the network to custom mode. It cannot be switched back.
  gcloud: |
    gcloud compute networks update {display_name} --project={project_id} --switch-to-custom-subnet-mode
  terraform: |
    resource "google_compute_network" "{display_name}" {
      auto_create_subnetworks = false
    }
defaults: >
  autoCreateSubnetworks: false in answers; legacy networks have none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.autoCreateSubnetworks'), 'false') AS auto_mode
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Network'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN auto_mode = 'true' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN auto_mode = 'true' THEN 'Makes a subnetwork in every region by itself.'
    ELSE 'Its subnetworks are made by plan.'
  END AS reason,
  JSON_OBJECT('autoCreateSubnetworks', auto_mode) AS evidence
FROM examined
