/*
id: gke_network_policy
title: Network policies are enforced
description: >
  Network policy must be on, or the cluster must use Dataplane V2, which always enforces them.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Otherwise every pod may call every other, and one that is taken over sees all of them.
remediation:
  text: >
    Make new clusters with Dataplane V2; switch network policy on for older ones.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --update-addons=NetworkPolicy=ENABLED
    gcloud container clusters update {display_name} --location={location} --project={project_id} --enable-network-policy
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      datapath_provider = "ADVANCED_DATAPATH"
    }
defaults: >
  networkPolicy.enabled: false; networkConfig.datapathProvider: LEGACY_DATAPATH.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.networkPolicy.enabled'), 'false') AS policy,
    COALESCE(JSON_VALUE(resource, '$.data.networkConfig.datapathProvider'), 'LEGACY_DATAPATH') AS datapath,
    COALESCE(JSON_VALUE(resource, '$.data.addonsConfig.networkPolicyConfig.disabled'), 'false') AS addon_off
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN datapath = 'ADVANCED_DATAPATH' THEN 'pass'
    WHEN policy = 'true' AND addon_off <> 'true' THEN 'pass'
    WHEN policy = 'true' THEN 'fail'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN datapath = 'ADVANCED_DATAPATH' THEN 'Dataplane V2 enforces network policies.'
    WHEN policy = 'true' AND addon_off <> 'true' THEN 'Network policies are enforced.'
    WHEN policy = 'true' THEN 'Network policy is asked for but its addon is off.'
    ELSE 'Network policies are not enforced.'
  END AS reason,
  JSON_OBJECT('networkPolicy', policy, 'datapathProvider', datapath, 'addonDisabled', addon_off) AS evidence
FROM examined
