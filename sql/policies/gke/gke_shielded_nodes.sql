/*
id: gke_shielded_nodes
title: Nodes prove who they are
description: >
  Shielded GKE nodes must be on.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Without it somebody in a pod can pose as a node and read what that node may read.
remediation:
  text: >
    Switch shielded nodes on. The nodes are made anew.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-shielded-nodes
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      enable_shielded_nodes = true
    }
defaults: >
  shieldedNodes.enabled: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.shieldedNodes.enabled'), 'false') AS setting
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN setting = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN setting = 'true' THEN 'Shielded nodes are on.'
    ELSE 'Shielded nodes are off.'
  END AS reason,
  JSON_OBJECT('shieldedNodes', setting) AS evidence
FROM examined
