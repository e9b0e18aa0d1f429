/*
id: sql_mysql_skip_show_database
title: MySQL hides the names of other databases
description: >
  MySQL instances of Cloud SQL, read replicas included: the database flag skip_show_database must be on.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.1.2", "4.0": "6.1.2", "5.0": "6.1.2"}
defaults: >
  Flag not set: MySQL then has it off.
rationale: >
  Without the flag every user can list the names of all databases of the instance, which tells an intruder
  where to go next.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="skip_show_database=on"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "skip_show_database"
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
      WHERE JSON_VALUE(flag, '$.name') = 'skip_show_database'
    ) AS value
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
    AND STARTS_WITH(COALESCE(JSON_VALUE(resource, '$.data.databaseVersion'), 'MYSQL'), 'MYSQL')
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
    WHEN value IS NULL THEN 'skip_show_database is not set; MySQL then has it off.'
    WHEN value IN ('on', 'true', 'yes', '1') THEN CONCAT('skip_show_database is ', value, '.')
    ELSE CONCAT('skip_show_database is ', value, '; expected on.')
  END AS reason,
  TO_JSON(STRUCT('skip_show_database' AS flag, value, version AS database_version)) AS evidence
FROM found
