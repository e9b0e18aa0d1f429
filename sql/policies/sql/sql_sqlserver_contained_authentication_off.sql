/*
id: sql_sqlserver_contained_authentication_off
title: SQL Server has no sign-in inside databases
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag contained database
  authentication must be off.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.7", "4.0": "6.3.7", "5.0": "6.3.7"}
defaults: >
  Flag not set: SQL Server then has it off.
rationale: >
  Users of a contained database are made by its owner, past the server's administrators and their password
  rules.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="contained database authentication=off"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "contained database authentication"
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
      WHERE JSON_VALUE(flag, '$.name') = 'contained database authentication'
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
    WHEN value IS NULL THEN 'contained database authentication is not set; SQL Server then has it off.'
    WHEN value IN ('off', 'false', 'no', '0') THEN CONCAT('contained database authentication is ', value, '.')
    ELSE CONCAT('contained database authentication is ', value, '; expected off.')
  END AS reason,
  TO_JSON(STRUCT('contained database authentication' AS flag, value, version AS database_version)) AS evidence
FROM found
