/*
id: gke_node_default_service_account
title: Nodes have a service account of their own
description: >
  No node pool may use the default service account of Compute Engine.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  A pod that breaks out has the rights of the node, which are often Editor of the project.
remediation:
  text: >
    Make an account with the role roles/container.defaultNodeServiceAccount and new node pools with it.
  gcloud: |
    gcloud container node-pools create NEW-POOL --cluster={display_name} --location={location} --project={project_id} --service-account=NAME@{project_id}.iam.gserviceaccount.com
  terraform: |
    resource "google_container_node_pool" "pool" {
      node_config {
        service_account = google_service_account.nodes.email
      }
    }
defaults: >
  nodePools.config.serviceAccount: default.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT STRING_AGG(COALESCE(JSON_VALUE(pool, '$.name'), 'unnamed'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.nodePools')) AS pool
      WHERE COALESCE(NULLIF(JSON_VALUE(pool, '$.config.serviceAccount'), ''), 'default') = 'default'
        OR REGEXP_CONTAINS(JSON_VALUE(pool, '$.config.serviceAccount'), r'^\d+-compute@developer\.gserviceaccount\.com$')
    ) AS pools
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN pools IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN pools IS NOT NULL THEN CONCAT('Node pools with the default service account: ', pools, '.')
    ELSE 'No node pool uses the default service account.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
