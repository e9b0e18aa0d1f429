/*
id: sql_postgres_pgaudit
title: PostgreSQL has the audit extension on
description: >
  PostgreSQL instances of Cloud SQL, read replicas included: the database flag cloudsql.enable_pgaudit
  must be on.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.2.8", "4.0": "6.2.8", "5.0": "6.2.8"}
defaults: >
  Flag not set: it is then off.
covers: >
  Whether CREATE EXTENSION pgaudit was run and pgaudit.log is set inside the database is not in the
  inventory.
rationale: >
  pgAudit records who read and changed which objects, in the form auditors ask for.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="cloudsql.enable_pgaudit=on"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "cloudsql.enable_pgaudit"
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
      WHERE JSON_VALUE(flag, '$.name') = 'cloudsql.enable_pgaudit'
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
    WHEN value IN ('on', 'true', 'yes', '1') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'cloudsql.enable_pgaudit is not set; it is then off.'
    WHEN value IN ('on', 'true', 'yes', '1') THEN CONCAT('cloudsql.enable_pgaudit is ', value, '.')
    ELSE CONCAT('cloudsql.enable_pgaudit is ', value, '; expected on.')
  END AS reason,
  TO_JSON(STRUCT('cloudsql.enable_pgaudit' AS flag, value, version AS database_version)) AS evidence
FROM found
