/*
id: sql_postgres_log_statement
title: PostgreSQL logs the statements it should
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag log_statement must be one
  of the allowed levels.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.4", "4.0": "6.2.4", "5.0": "6.2.4"}
params:
  - {name: allowed, type: "ARRAY<STRING>", default: ["ddl", "mod", "all"], description: "Levels that are enough, in lower case"}
defaults: >
  Flag not set: PostgreSQL then logs none.
rationale: >
  Changes of the schema that nobody can trace are hard to undo and hard to explain.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="log_statement=ddl"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "log_statement"
          value = "ddl"
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
      WHERE JSON_VALUE(flag, '$.name') = 'log_statement'
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
    WHEN value IN UNNEST(@allowed) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'log_statement is not set; PostgreSQL then logs none.'
    WHEN value IN UNNEST(@allowed) THEN CONCAT('log_statement is ', value, '.')
    ELSE CONCAT('log_statement is ', value, '; expected one of the allowed levels.')
  END AS reason,
  TO_JSON(STRUCT('log_statement' AS flag, value, version AS database_version)) AS evidence
FROM found
