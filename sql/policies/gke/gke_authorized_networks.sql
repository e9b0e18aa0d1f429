/*
id: gke_authorized_networks
title: Control plane answers known networks only
description: >
  Authorised networks must be on, and none of them may be the whole internet.
severity: high
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Whoever can call the API server can try stolen tokens and unpatched flaws.
remediation:
  text: >
    Name the networks from which people and pipelines work.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-master-authorized-networks --master-authorized-networks=10.0.0.0/8
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      master_authorized_networks_config {
        cidr_blocks {
          cidr_block = "10.0.0.0/8"
        }
      }
    }
defaults: >
  masterAuthorizedNetworksConfig.enabled: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(COALESCE(JSON_QUERY(resource, '$.data.controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig'), JSON_QUERY(resource, '$.data.masterAuthorizedNetworksConfig')), '$.enabled'), 'false') AS authorized,
    (
      SELECT STRING_AGG(JSON_VALUE(block, '$.cidrBlock'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(resource, '$.data.controlPlaneEndpointsConfig.ipEndpointsConfig.authorizedNetworksConfig'), JSON_QUERY(resource, '$.data.masterAuthorizedNetworksConfig')), '$.cidrBlocks')) AS block
      WHERE REGEXP_CONTAINS(JSON_VALUE(block, '$.cidrBlock'), r'/0$')
    ) AS open_blocks
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN authorized <> 'true' THEN 'fail'
    WHEN open_blocks IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN authorized <> 'true' THEN 'Authorised networks are off: any address may call the control plane.'
    WHEN open_blocks IS NOT NULL THEN CONCAT('Authorises the whole internet: ', open_blocks, '.')
    ELSE 'Only authorised networks may call the control plane.'
  END AS reason,
  JSON_OBJECT('enabled', authorized, 'open', open_blocks) AS evidence
FROM examined
