/*
id: gke_node_full_scopes
title: Nodes have narrow API scopes on the default account
description: >
  A node pool on the default service account may not have the scope cloud-platform.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Every API is then open to whatever runs on the node.
remediation:
  text: >
    Make node pools with an account of their own.
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
      WHERE (COALESCE(NULLIF(JSON_VALUE(pool, '$.config.serviceAccount'), ''), 'default') = 'default'
          OR REGEXP_CONTAINS(JSON_VALUE(pool, '$.config.serviceAccount'), r'^\d+-compute@developer\.gserviceaccount\.com$'))
        AND EXISTS (
          SELECT 1
          FROM UNNEST(JSON_QUERY_ARRAY(pool, '$.config.oauthScopes')) AS scope
          WHERE JSON_VALUE(scope) = 'https://www.googleapis.com/auth/cloud-platform'
        )
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
    WHEN pools IS NOT NULL THEN CONCAT('Node pools with full scope on the default account: ', pools, '.')
    ELSE 'No node pool has full scope on the default account.'
  END AS reason,
  JSON_OBJECT('pools', pools) AS evidence
FROM examined
