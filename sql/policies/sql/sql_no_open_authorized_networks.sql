/*
id: sql_no_open_authorized_networks
title: Cloud SQL does not admit every address
description: >
  No entry of the authorized networks of a Cloud SQL instance is a whole address range (prefix length 0,
  IPv4 or IPv6). Entries whose expirationTime has passed do not count.
severity: critical
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.5", "4.0": "6.5", "5.0": "6.5"}
defaults: >
  authorizedNetworks absent: no network is admitted. expirationTime absent: the entry does not expire.
rationale: >
  With 0.0.0.0/0 anyone can try passwords against the database.
remediation:
  text: >
    Replace the entry by the addresses that need it, or use private addresses with the Cloud SQL Auth
    Proxy.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --authorized-networks=ADDRESS/32
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        ip_configuration {
          authorized_networks {
            name  = "office"
            value = "ADDRESS/32"
          }
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    (
      SELECT STRING_AGG(JSON_VALUE(network, '$.value'), ', ' ORDER BY JSON_VALUE(network, '$.value'))
      FROM UNNEST(
        JSON_QUERY_ARRAY(resource, '$.data.settings.ipConfiguration.authorizedNetworks')
      ) AS network
      WHERE REGEXP_CONTAINS(JSON_VALUE(network, '$.value'), r'/0+$')
        AND COALESCE(
          SAFE_CAST(JSON_VALUE(network, '$.expirationTime') AS TIMESTAMP) > CURRENT_TIMESTAMP(), TRUE
        )
    ) AS open
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN open IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN open IS NULL THEN 'No authorized network is the whole internet.'
    ELSE CONCAT('Authorized networks hold ', open, ', which is every address.')
  END AS reason,
  TO_JSON(STRUCT(open AS open_networks)) AS evidence
FROM found
