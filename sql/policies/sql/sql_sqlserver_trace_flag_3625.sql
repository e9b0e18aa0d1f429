/*
id: sql_sqlserver_trace_flag_3625
title: SQL Server hides details of errors from users
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag 3625 must be on.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.6", "4.0": "6.3.6", "5.0": "6.3.6"}
defaults: >
  Flag not set: SQL Server then has it off.
rationale: >
  Trace flag 3625 masks parts of error messages for users who are not administrators, so that they learn
  less of the inside.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="3625=on"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "3625"
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
      WHERE JSON_VALUE(flag, '$.name') = '3625'
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
    WHEN value IN ('on', 'true', 'yes', '1') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN '3625 is not set; SQL Server then has it off.'
    WHEN value IN ('on', 'true', 'yes', '1') THEN CONCAT('3625 is ', value, '.')
    ELSE CONCAT('3625 is ', value, '; expected on.')
  END AS reason,
  TO_JSON(STRUCT('3625' AS flag, value, version AS database_version)) AS evidence
FROM found
