/*
id: network_default
title: The default network is gone
description: >
  No network may have the name default. New projects get one with firewall rules that let SSH and RDP in
  from anywhere.
severity: medium
asset_types: [compute.googleapis.com/Network]
frameworks: {cis_gcp: {"3.0": "3.1", "4.0": "3.1", "5.0": "3.1"}}
rationale: >
  Its rules and its subnetworks in every region were chosen by nobody here.
remediation:
  text: >
    Move what uses it and delete it. The organisation policy compute.skipDefaultNetworkCreation keeps it
    from coming back.
  gcloud: |
    gcloud compute networks delete default --project={project_id}
  terraform: |
    resource "google_project" "{project_id}" {
      auto_create_network = false
    }
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.name'), REGEXP_EXTRACT(name, r'[^/]+$')) AS network
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Network'
)
SELECT
  name AS asset_name,
  CASE
    WHEN network = 'default' THEN 'fail'
    WHEN unseen THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN network = 'default' THEN 'It is the default network.'
    WHEN unseen THEN 'Its configuration was not collected.'
    ELSE CONCAT('The network ', network, ' is not the default one.')
  END AS reason,
  JSON_OBJECT('name', network) AS evidence
FROM examined
