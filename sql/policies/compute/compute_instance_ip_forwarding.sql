/*
id: compute_instance_ip_forwarding
title: VM does not forward packets
description: >
  The field canIpForward of a VM must be false, unless it is a router or firewall by purpose.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.6", "4.0": "4.6", "5.0": "4.6"}}
params:
  - {name: exempt_gke_nodes, type: BOOL, default: true, description: "Pass the machines that GKE made; the rules of the cluster judge them"}
rationale: >
  A machine that forwards packets can pass traffic around firewall rules and route data out of the network.
remediation:
  text: >
    The field cannot be changed: make the VM anew without it. Waive those that route by purpose.
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      can_ip_forward = false
    }
defaults: >
  canIpForward: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND JSON_VALUE(labels, '$."goog-gke-node"') IS NOT NULL AS gke_node,
    COALESCE(JSON_VALUE(resource, '$.data.canIpForward'), 'false') AS forwards
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN @exempt_gke_nodes AND gke_node THEN 'pass'
    WHEN forwards = 'true' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN @exempt_gke_nodes AND gke_node THEN 'A node made by GKE: the rules of its cluster judge it.'
    WHEN forwards = 'true' THEN 'May send packets that carry another address than its own (canIpForward is true).'
    ELSE 'Does not forward packets.'
  END AS reason,
  JSON_OBJECT('canIpForward', forwards) AS evidence
FROM examined
