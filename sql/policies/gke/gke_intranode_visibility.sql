/*
id: gke_intranode_visibility
title: Traffic inside a node is seen
description: >
  Intranode visibility must be on, so that flow logs and firewall rules see pods that talk on one node.
severity: low
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Half of the traffic between pods never leaves a node and is otherwise in no log.
remediation:
  text: >
    Switch it on. The nodes are made anew.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-intra-node-visibility
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      enable_intranode_visibility = true
    }
defaults: >
  networkConfig.enableIntraNodeVisibility: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.networkConfig.enableIntraNodeVisibility'), 'false') AS setting
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
    WHEN setting = 'true' THEN 'Intranode visibility is on.'
    ELSE 'Intranode visibility is off.'
  END AS reason,
  JSON_OBJECT('enableIntraNodeVisibility', setting) AS evidence
FROM examined
