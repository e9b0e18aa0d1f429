/*
id: sql_postgres_log_error_verbosity
title: PostgreSQL logs errors without inner details
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag log_error_verbosity must be
  default or terse.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.1", "4.0": "6.2.1", "5.0": "6.2.1"}
defaults: >
  Flag not set: PostgreSQL then uses default.
rationale: >
  The level verbose writes source positions and codes of the server into the log, where they help an
  attacker more than an operator.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="log_error_verbosity=default"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "log_error_verbosity"
          value = "default"
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
      WHERE JSON_VALUE(flag, '$.name') = 'log_error_verbosity'
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
    WHEN value IN ('default', 'terse') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'log_error_verbosity is not set; PostgreSQL then uses default.'
    WHEN value IN ('default', 'terse') THEN CONCAT('log_error_verbosity is ', value, '.')
    ELSE CONCAT('log_error_verbosity is ', value, '; expected default or terse.')
  END AS reason,
  TO_JSON(STRUCT('log_error_verbosity' AS flag, value, version AS database_version)) AS evidence
FROM found
