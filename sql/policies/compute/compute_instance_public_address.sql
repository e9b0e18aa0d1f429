/*
id: compute_instance_public_address
title: VM has no public address
description: >
  No network interface of a VM may have an access configuration, whether for IPv4 or IPv6: an address is
  public even while the machine is stopped.
severity: high
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.9", "4.0": "4.9", "5.0": "4.9"}}
params:
  - {name: exempt_gke_nodes, type: BOOL, default: true, description: "Pass the machines that GKE made; the rules of the cluster judge them"}
rationale: >
  What has a public address is scanned within minutes, and only firewall rules stand before it.
remediation:
  text: >
    Remove the access configuration. Reach the machine through Identity-Aware Proxy and let it out through
    Cloud NAT.
  gcloud: |
    gcloud compute instances delete-access-config {display_name} --zone={location} --project={project_id} --access-config-name='External NAT'
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      network_interface {
        subnetwork = google_compute_subnetwork.own.id
        # no access_config block
      }
    }
defaults: >
  networkInterfaces.accessConfigs: none: no public address.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND JSON_VALUE(labels, '$."goog-gke-node"') IS NOT NULL AS gke_node,
    COALESCE(JSON_QUERY(resource, '$.data.networkInterfaces'), JSON_QUERY(resource, '$.data.networkInterface')) AS nics
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
),
configs AS (
  SELECT name, 'ipv4' AS kind, config
  FROM examined
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(nics, '$')) AS nic
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(nic, '$.accessConfigs'), JSON_QUERY(nic, '$.accessConfig')), '$')) AS config
  UNION ALL
  SELECT name, 'ipv6' AS kind, config
  FROM examined
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(nics, '$')) AS nic
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(nic, '$.ipv6AccessConfigs'), JSON_QUERY(nic, '$.ipv6AccessConfig')), '$')) AS config
),
told AS (
  SELECT
    name,
    kind,
    COALESCE(
      JSON_VALUE(config, '$.natIP'), JSON_VALUE(config, '$.externalIp'), JSON_VALUE(config, '$.externalIpv6'),
      'not assigned now'
    ) AS address
  FROM configs
),
addresses AS (
  SELECT
    name,
    STRING_AGG(IF(kind = 'ipv4', address, NULL), ', ' ORDER BY address) AS v4,
    STRING_AGG(IF(kind = 'ipv6', address, NULL), ', ' ORDER BY address) AS v6
  FROM told
  GROUP BY name
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN @exempt_gke_nodes AND e.gke_node THEN 'pass'
    WHEN a.v4 IS NOT NULL OR a.v6 IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN @exempt_gke_nodes AND e.gke_node THEN 'A node made by GKE: the rules of its cluster judge it.'
    WHEN a.v4 IS NOT NULL OR a.v6 IS NOT NULL THEN CONCAT('Has a public address: ', ARRAY_TO_STRING([a.v4, a.v6], ', '), '.')
    ELSE 'Has no public address.'
  END AS reason,
  JSON_OBJECT('ipv4', a.v4, 'ipv6', a.v6) AS evidence
FROM examined AS e
LEFT JOIN addresses AS a ON a.name = e.name
