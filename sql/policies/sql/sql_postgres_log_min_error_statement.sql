/*
id: sql_postgres_log_min_error_statement
title: PostgreSQL logs the statements that failed
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag log_min_error_statement
  must be error or stricter.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.6", "4.0": "6.2.6", "5.0": "6.2.6"}
defaults: >
  Flag not set: PostgreSQL then uses error.
rationale: >
  Failed statements show attempts at injection; lower levels drown them.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="log_min_error_statement=error"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "log_min_error_statement"
          value = "error"
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
      WHERE JSON_VALUE(flag, '$.name') = 'log_min_error_statement'
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
    WHEN value IS NULL THEN 'pass'
    WHEN value IN ('error', 'log', 'fatal', 'panic') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'log_min_error_statement is not set; PostgreSQL then uses error.'
    WHEN value IN ('error', 'log', 'fatal', 'panic') THEN CONCAT('log_min_error_statement is ', value, '.')
    ELSE CONCAT('log_min_error_statement is ', value, '; expected error or stricter.')
  END AS reason,
  TO_JSON(STRUCT('log_min_error_statement' AS flag, value, version AS database_version)) AS evidence
FROM found
