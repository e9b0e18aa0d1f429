/*
id: compute_instance_block_project_ssh_keys
title: VM refuses the SSH keys of the project
description: >
  The metadata block-project-ssh-keys of a VM should be true, so that a key in the metadata of the project
  opens no machine.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.3", "4.0": "4.3", "5.0": "4.3"}}
params:
  - {name: exempt_gke_nodes, type: BOOL, default: true, description: "Pass the machines that GKE made; the rules of the cluster judge them"}
rationale: >
  A key in the metadata of the project opens every machine in it. One lost key is then the loss of all of
  them.
remediation:
  text: >
    Set the metadata on the VM. OS Login is the better answer.
  gcloud: |
    gcloud compute instances add-metadata {display_name} --zone={location} --project={project_id} --metadata=block-project-ssh-keys=TRUE
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      metadata = {
        block-project-ssh-keys = "TRUE"
      }
    }
covers: >
  A machine that uses OS Login takes no keys from metadata; this rule still asks for the setting, as the
  benchmark does.
defaults: >
  metadata.block-project-ssh-keys: false: keys of the project are taken.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND JSON_VALUE(labels, '$."goog-gke-node"') IS NOT NULL AS gke_node,
    (
      SELECT MAX(JSON_VALUE(item, '$.value'))
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.metadata.items'), JSON_QUERY(resource, '$.data.metadata.item')), '$'
      )) AS item
      WHERE JSON_VALUE(item, '$.key') = 'block-project-ssh-keys'
    ) AS flag
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN @exempt_gke_nodes AND gke_node THEN 'pass'
    WHEN COALESCE(LOWER(flag) NOT IN ('true', '1', 'y', 'yes'), TRUE) THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN @exempt_gke_nodes AND gke_node THEN 'A node made by GKE: the rules of its cluster judge it.'
    WHEN COALESCE(LOWER(flag) NOT IN ('true', '1', 'y', 'yes'), TRUE) THEN CONCAT('Metadata block-project-ssh-keys is ', COALESCE(flag, 'not set'), '.')
    ELSE CONCAT('Metadata block-project-ssh-keys is ', COALESCE(flag, 'not set'), '.')
  END AS reason,
  JSON_OBJECT('block-project-ssh-keys', flag) AS evidence
FROM examined
