/*
id: compute_template_public_address
title: Instance template gives no public address
description: >
  No network interface of an instance template may have an access configuration.
severity: medium
asset_types: [compute.googleapis.com/InstanceTemplate]
rationale: >
  Every machine made from the template is public from its first second.
remediation:
  text: >
    Make a new template without access configuration and let the groups use it.
  gcloud: |
    gcloud compute instance-templates create NEW-TEMPLATE --project={project_id} --no-address
  terraform: |
    resource "google_compute_instance_template" "{display_name}" {
      network_interface {
        subnetwork = google_compute_subnetwork.own.id
        # no access_config block
      }
    }
defaults: >
  accessConfigs: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT COUNT(*)
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.properties.networkInterfaces')) AS nic
      WHERE ARRAY_LENGTH(JSON_QUERY_ARRAY(nic, '$.accessConfigs')) > 0
        OR ARRAY_LENGTH(JSON_QUERY_ARRAY(nic, '$.ipv6AccessConfigs')) > 0
    ) AS public_nics
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/InstanceTemplate'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN public_nics > 0 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN public_nics > 0 THEN CONCAT(CAST(public_nics AS STRING), ' network interface(s) with a public address.')
    ELSE 'Gives no public address.'
  END AS reason,
  JSON_OBJECT('publicInterfaces', public_nics) AS evidence
FROM examined
