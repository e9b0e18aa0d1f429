/*
id: compute_instance_os_login
title: VM uses OS Login
description: >
  OS Login must be on for the VM: by its own metadata enable-oslogin or, where it says nothing, by that of
  its project.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.4", "4.0": "4.4", "5.0": "4.4"}}
rationale: >
  With OS Login, who may log in is an IAM binding, taken back in one place. Keys in metadata stay until
  someone finds them.
remediation:
  text: >
    Set enable-oslogin on the project and remove what says otherwise on the VM.
  gcloud: |
    gcloud compute instances add-metadata {display_name} --zone={location} --project={project_id} --metadata=enable-oslogin=TRUE
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      metadata = {
        enable-oslogin = "TRUE"
      }
    }
covers: >
  Windows machines do not know OS Login and fail here; waive them.
defaults: >
  metadata.enable-oslogin: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    project_id,
    resource IS NULL AS unseen,
    (
      SELECT MAX(JSON_VALUE(item, '$.value'))
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.metadata.items'), JSON_QUERY(resource, '$.data.metadata.item')), '$'
      )) AS item
      WHERE JSON_VALUE(item, '$.key') = 'enable-oslogin'
    ) AS own
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
),
projects AS (
  SELECT
    project_id,
    (
      SELECT MAX(JSON_VALUE(item, '$.value'))
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.commonInstanceMetadata.items'), JSON_QUERY(resource, '$.data.commonInstanceMetadata.item')), '$'
      )) AS item
      WHERE JSON_VALUE(item, '$.key') = 'enable-oslogin'
    ) AS shared
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Project' AND resource IS NOT NULL
),
judged AS (
  SELECT
    e.name,
    e.unseen,
    e.own,
    p.shared,
    e.own IS NULL AND p.project_id IS NULL AS project_unseen,
    CASE
      WHEN e.own IS NOT NULL THEN 'set on the VM'
      WHEN p.shared IS NOT NULL THEN 'set on the project'
      ELSE 'neither on the VM nor on the project'
    END AS origin
  FROM examined AS e
  LEFT JOIN projects AS p ON p.project_id = e.project_id
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN project_unseen THEN 'unknown'
    WHEN LOWER(COALESCE(own, shared, '')) NOT IN ('true', '1', 'y', 'yes') THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN project_unseen THEN 'Metadata enable-oslogin is not set on the VM, and the metadata of its project was not collected.'
    ELSE CONCAT('Metadata enable-oslogin is ', COALESCE(own, shared, 'not set'), ', ', origin, '.')
  END AS reason,
  JSON_OBJECT('instance', own, 'project', shared) AS evidence
FROM judged
