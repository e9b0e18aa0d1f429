/*
id: sql_high_availability
title: Cloud SQL instances survive the loss of a zone
description: >
  Primary instances are regional: a standby in another zone takes over.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
defaults: >
  availabilityType absent: ZONAL.
rationale: >
  A zonal instance is down as long as its zone is.
remediation:
  text: >
    Make the instance regional. This doubles its price and restarts it.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --availability-type=REGIONAL
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        availability_type = "REGIONAL"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.availabilityType'), 'ZONAL') AS availability
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '')
      NOT IN ('ON_PREMISES_INSTANCE', 'READ_REPLICA_INSTANCE')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN availability = 'REGIONAL' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN availability = 'REGIONAL' THEN 'availabilityType is REGIONAL.'
    ELSE CONCAT('availabilityType is ', availability, '; expected REGIONAL.')
  END AS reason,
  TO_JSON(STRUCT(availability)) AS evidence
FROM found
