/*
id: sql_sqlserver_external_scripts_off
title: SQL Server runs no external scripts
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag external scripts enabled
  must be off.
severity: high
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.1", "4.0": "6.3.1", "5.0": "6.3.1"}
defaults: >
  Flag not set: SQL Server then has it off.
rationale: >
  External scripts run code of other languages with the rights of the server.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="external scripts enabled=off"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "external scripts enabled"
          value = "off"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_VALUE(resource, '$.data.databaseVersion') AS version,
    (
      SELECT MAX(LOWER(JSON_VALUE(flag, '$.value')))
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.settings.databaseFlags')) AS flag
      WHERE JSON_VALUE(flag, '$.name') = 'external scripts enabled'
    ) AS value
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
    AND STARTS_WITH(COALESCE(JSON_VALUE(resource, '$.data.databaseVersion'), 'SQLSERVER'), 'SQLSERVER')
)
SELECT
  name AS asset_name,
  CASE
    WHEN version IS NULL THEN 'unknown'
    WHEN value IS NULL THEN 'pass'
    WHEN value IN ('off', 'false', 'no', '0') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'external scripts enabled is not set; SQL Server then has it off.'
    WHEN value IN ('off', 'false', 'no', '0') THEN CONCAT('external scripts enabled is ', value, '.')
    ELSE CONCAT('external scripts enabled is ', value, '; expected off.')
  END AS reason,
  TO_JSON(STRUCT('external scripts enabled' AS flag, value, version AS database_version)) AS evidence
FROM found
