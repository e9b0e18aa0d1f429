/*
id: gke_private_nodes
title: Nodes have no public addresses
description: >
  Private nodes must be on for every node pool: by its own setting or, where it says nothing, by that of the
  cluster.
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
  privateClusterConfig.enablePrivateNodes: networkConfig.defaultEnablePrivateNodes, and false without it;
  nodePools.networkConfig.enablePrivateNodes: as the cluster.
grain: asset
*/
WITH clusters AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(
      JSON_VALUE(resource, '$.data.privateClusterConfig.enablePrivateNodes'),
      JSON_VALUE(resource, '$.data.networkConfig.defaultEnablePrivateNodes'),
      'false'
    ) AS private_nodes,
    JSON_QUERY_ARRAY(resource, '$.data.nodePools') AS pools
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
),
examined AS (
  SELECT
    name,
    unseen,
    private_nodes,
    COALESCE(ARRAY_LENGTH(pools), 0) AS pools,
    (
      SELECT STRING_AGG(COALESCE(JSON_VALUE(pool, '$.name'), 'unnamed'), ', ')
      FROM UNNEST(pools) AS pool
      WHERE COALESCE(JSON_VALUE(pool, '$.networkConfig.enablePrivateNodes'), private_nodes) <> 'true'
    ) AS public_pools
  FROM clusters
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN public_pools IS NOT NULL THEN 'fail'
    WHEN pools = 0 AND private_nodes <> 'true' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN public_pools IS NOT NULL THEN CONCAT('Node pools with public addresses: ', public_pools, '.')
    WHEN pools = 0 AND private_nodes <> 'true' THEN 'Its nodes have public addresses.'
    ELSE 'Its nodes have no public addresses.'
  END AS reason,
  JSON_OBJECT('enablePrivateNodes', private_nodes, 'publicPools', public_pools) AS evidence
FROM examined
