/*
id: sql_sqlserver_remote_access_off
title: SQL Server allows no remote procedures
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag remote access must be off.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.5", "4.0": "6.3.5", "5.0": "6.3.5"}
defaults: >
  Flag not set: SQL Server then has it on.
rationale: >
  Remote procedures let a session on one server run code on another.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="remote access=off"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "remote access"
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
      WHERE JSON_VALUE(flag, '$.name') = 'remote access'
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
    WHEN value IS NULL THEN 'fail'
    WHEN value IN ('off', 'false', 'no', '0') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'remote access is not set; SQL Server then has it on.'
    WHEN value IN ('off', 'false', 'no', '0') THEN CONCAT('remote access is ', value, '.')
    ELSE CONCAT('remote access is ', value, '; expected off.')
  END AS reason,
  TO_JSON(STRUCT('remote access' AS flag, value, version AS database_version)) AS evidence
FROM found
