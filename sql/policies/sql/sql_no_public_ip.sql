/*
id: sql_no_public_ip
title: Cloud SQL instances have no public address
description: >
  Cloud SQL instances have no public IPv4 address: ipv4Enabled is not true and no address of type PRIMARY
  is assigned. Addresses of type OUTGOING accept no connections and do not count.
severity: high
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.6", "4.0": "6.6", "5.0": "6.7"}
defaults: >
  ipv4Enabled absent: false, as the API leaves false out; the assigned addresses are looked at as well.
rationale: >
  A database on the internet is one password away from a breach.
remediation:
  text: >
    Give the instance a private address first, then take the public one away.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --network=NETWORK --no-assign-ip
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        ip_configuration {
          ipv4_enabled    = false
          private_network = "NETWORK"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.ipConfiguration.ipv4Enabled'), 'false') AS ipv4_enabled,
    (
      SELECT STRING_AGG(JSON_VALUE(address, '$.ipAddress'), ', ' ORDER BY JSON_VALUE(address, '$.ipAddress'))
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.ipAddresses')) AS address
      WHERE JSON_VALUE(address, '$.type') = 'PRIMARY'
    ) AS addresses
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN ipv4_enabled != 'true' AND addresses IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN ipv4_enabled != 'true' AND addresses IS NULL THEN 'The instance has no public address.'
    ELSE CONCAT(
      'ipv4Enabled is ', ipv4_enabled, COALESCE(CONCAT(', public address ', addresses), ''), '.'
    )
  END AS reason,
  TO_JSON(STRUCT(ipv4_enabled, addresses)) AS evidence
FROM found
