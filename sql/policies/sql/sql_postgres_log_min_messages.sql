/*
id: sql_postgres_log_min_messages
title: PostgreSQL logs warnings and worse
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag log_min_messages must be
  warning or stricter.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.5", "4.0": "6.2.5", "5.0": "6.2.5"}
defaults: >
  Flag not set: PostgreSQL then uses warning.
rationale: >
  Lower levels fill the log with noise that hides what matters.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="log_min_messages=warning"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "log_min_messages"
          value = "warning"
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
      WHERE JSON_VALUE(flag, '$.name') = 'log_min_messages'
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
    WHEN value IN ('warning', 'error', 'log', 'fatal', 'panic') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'log_min_messages is not set; PostgreSQL then uses warning.'
    WHEN value IN ('warning', 'error', 'log', 'fatal', 'panic') THEN CONCAT('log_min_messages is ', value, '.')
    ELSE CONCAT('log_min_messages is ', value, '; expected warning or stricter.')
  END AS reason,
  TO_JSON(STRUCT('log_min_messages' AS flag, value, version AS database_version)) AS evidence
FROM found
