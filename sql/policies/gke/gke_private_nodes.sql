/*
id: gke_private_nodes
title: Nodes have no public addresses
description: >
  Private nodes must be on for the cluster, and no node pool may switch them off for itself.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  A node with a public address can be reached by whatever a firewall rule lets in, past every load balancer.
remediation:
  text: >
    New node pools can be private; an older cluster must be made anew. Let nodes out through Cloud NAT.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-private-nodes
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      private_cluster_config {
        enable_private_nodes = true
      }
    }
defaults: >
  privateClusterConfig.enablePrivateNodes: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.privateClusterConfig.enablePrivateNodes'), JSON_VALUE(resource, '$.data.networkConfig.defaultEnablePrivateNodes'), 'false') AS private_nodes,
    (
      SELECT STRING_AGG(JSON_VALUE(pool, '$.name'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.nodePools')) AS pool
      WHERE JSON_VALUE(pool, '$.networkConfig.enablePrivateNodes') = 'false'
    ) AS public_pools
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN private_nodes <> 'true' THEN 'fail'
    WHEN public_pools IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN private_nodes <> 'true' THEN 'Its nodes have public addresses.'
    WHEN public_pools IS NOT NULL THEN CONCAT('Node pools with public addresses: ', public_pools, '.')
    ELSE 'Its nodes have no public addresses.'
  END AS reason,
  JSON_OBJECT('enablePrivateNodes', private_nodes, 'publicPools', public_pools) AS evidence
FROM examined
