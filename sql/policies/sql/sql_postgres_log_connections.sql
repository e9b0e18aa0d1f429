/*
id: sql_postgres_log_connections
title: PostgreSQL logs connections
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag log_connections must be on.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.2", "4.0": "6.2.2", "5.0": "6.2.2"}
defaults: >
  Flag not set: PostgreSQL then has it off.
rationale: >
  Attempted and successful connections are the trace that an investigation of a stolen password begins
  with.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="log_connections=on"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "log_connections"
          value = "on"
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
      WHERE JSON_VALUE(flag, '$.name') = 'log_connections'
    ) AS value
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
    AND STARTS_WITH(COALESCE(JSON_VALUE(resource, '$.data.databaseVersion'), 'POSTGRES'), 'POSTGRES')
)
SELECT
  name AS asset_name,
  CASE
    WHEN version IS NULL THEN 'unknown'
    WHEN value IS NULL THEN 'fail'
    WHEN value IN ('on', 'true', 'yes', '1', 'all') OR STRPOS(value, 'authorization') > 0 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'log_connections is not set; PostgreSQL then has it off.'
    WHEN value IN ('on', 'true', 'yes', '1', 'all') OR STRPOS(value, 'authorization') > 0 THEN CONCAT('log_connections is ', value, '.')
    ELSE CONCAT('log_connections is ', value, '; expected on.')
  END AS reason,
  TO_JSON(STRUCT('log_connections' AS flag, value, version AS database_version)) AS evidence
FROM found
