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
    (
      SELECT STRING_AGG(
        COALESCE(
          JSON_VALUE(config, '$.natIP'), JSON_VALUE(config, '$.externalIp'),
          JSON_VALUE(config, '$.externalIpv6'), 'not assigned now'
        ), ', '
      )
      FROM UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(resource, '$.data.networkInterfaces'), JSON_QUERY(resource, '$.data.networkInterface')), '$')) AS nic
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(nic, '$.accessConfigs')) AS config
    ) AS v4,
    (
      SELECT STRING_AGG(
        COALESCE(
          JSON_VALUE(config, '$.natIP'), JSON_VALUE(config, '$.externalIp'),
          JSON_VALUE(config, '$.externalIpv6'), 'not assigned now'
        ), ', '
      )
      FROM UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(resource, '$.data.networkInterfaces'), JSON_QUERY(resource, '$.data.networkInterface')), '$')) AS nic
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(nic, '$.ipv6AccessConfigs')) AS config
    ) AS v6
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN @exempt_gke_nodes AND gke_node THEN 'pass'
    WHEN v4 IS NOT NULL OR v6 IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN @exempt_gke_nodes AND gke_node THEN 'A node made by GKE: the rules of its cluster judge it.'
    WHEN v4 IS NOT NULL OR v6 IS NOT NULL THEN CONCAT('Has a public address: ', ARRAY_TO_STRING([v4, v6], ', '), '.')
    ELSE 'Has no public address.'
  END AS reason,
  JSON_OBJECT('ipv4', v4, 'ipv6', v6) AS evidence
FROM examined
