/*
id: compute_instance_serial_port
title: VM has its serial console closed
description: >
  The metadata serial-port-enable must not be true, neither on the VM nor, where the VM says nothing, on its
  project.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.5", "4.0": "4.5", "5.0": "4.5"}}
rationale: >
  The interactive serial console takes logins from any address and knows no firewall rules.
remediation:
  text: >
    Set the metadata to false, or remove it, on the VM and on the project. The organisation policy
    compute.disableSerialPortAccess keeps it so.
  gcloud: |
    gcloud compute instances add-metadata {display_name} --zone={location} --project={project_id} --metadata=serial-port-enable=FALSE
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      metadata = {
        serial-port-enable = "FALSE"
      }
    }
covers: >
  An organisation policy that forbids serial ports makes the setting harmless; it is not looked at.
defaults: >
  metadata.serial-port-enable: false.
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
      WHERE JSON_VALUE(item, '$.key') = 'serial-port-enable'
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
      WHERE JSON_VALUE(item, '$.key') = 'serial-port-enable'
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
    WHEN LOWER(COALESCE(own, shared, '')) IN ('true', '1', 'y', 'yes') THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN project_unseen THEN 'Metadata serial-port-enable is not set on the VM, and the metadata of its project was not collected.'
    ELSE CONCAT('Metadata serial-port-enable is ', COALESCE(own, shared, 'not set'), ', ', origin, '.')
  END AS reason,
  JSON_OBJECT('instance', own, 'project', shared) AS evidence
FROM judged
