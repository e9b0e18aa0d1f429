/*
id: gke_private_endpoint
title: Control plane has no public address
description: >
  The public endpoint of the control plane must be off.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  An API server that the internet reaches is one stolen credential or one unpatched flaw from being taken
  over.
remediation:
  text: >
    Reach the control plane over its DNS endpoint or from the network, then switch the public address off.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-private-endpoint
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      private_cluster_config {
        enable_private_endpoint = true
      }
    }
defaults: >
  privateClusterConfig.enablePrivateEndpoint: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.controlPlaneEndpointsConfig.ipEndpointsConfig.enablePublicEndpoint') AS public_endpoint,
    JSON_VALUE(resource, '$.data.controlPlaneEndpointsConfig.ipEndpointsConfig.enabled') AS ip_endpoints,
    COALESCE(JSON_VALUE(resource, '$.data.privateClusterConfig.enablePrivateEndpoint'), 'false') AS private_endpoint
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN private_endpoint = 'true' OR public_endpoint = 'false' OR ip_endpoints = 'false' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN private_endpoint = 'true' OR public_endpoint = 'false' OR ip_endpoints = 'false' THEN 'The control plane has no public address.'
    ELSE 'The control plane has a public address.'
  END AS reason,
  JSON_OBJECT('enablePrivateEndpoint', private_endpoint, 'enablePublicEndpoint', public_endpoint) AS evidence
FROM examined
