/*
id: compute_instance_deletion_protection
title: VM is protected from deletion
description: >
  The field deletionProtection must be true. Machines of managed groups and of GKE come and go and are
  passed.
severity: low
asset_types: [compute.googleapis.com/Instance]
rationale: >
  A machine with state of its own is gone with one command.
remediation:
  text: >
    Switch deletion protection on.
  gcloud: |
    gcloud compute instances update {display_name} --zone={location} --project={project_id} --deletion-protection
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      deletion_protection = true
    }
defaults: >
  deletionProtection: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND JSON_VALUE(labels, '$."goog-gke-node"') IS NOT NULL AS gke_node,
    COALESCE(JSON_VALUE(resource, '$.data.deletionProtection'), 'false') AS protected,
    (
      SELECT MAX(JSON_VALUE(item, '$.value'))
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.metadata.items'), JSON_QUERY(resource, '$.data.metadata.item')), '$'
      )) AS item
      WHERE JSON_VALUE(item, '$.key') = 'created-by'
    ) AS made_by
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN gke_node OR STRPOS(made_by, '/instanceGroupManagers/') > 0 THEN 'pass'
    WHEN protected = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN gke_node OR STRPOS(made_by, '/instanceGroupManagers/') > 0 THEN 'Made by a group, which makes and deletes its machines itself.'
    WHEN protected = 'true' THEN 'Deletion protection is on.'
    ELSE 'Deletion protection is off.'
  END AS reason,
  JSON_OBJECT('deletionProtection', protected, 'createdBy', made_by) AS evidence
FROM examined
