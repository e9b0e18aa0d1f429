/*
id: sql_sqlserver_ownership_chaining_off
title: SQL Server does not chain ownership across databases
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag cross db ownership chaining
  must be off.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.2", "4.0": "6.3.2", "5.0": "6.3.2"}
defaults: >
  Flag not set: SQL Server then has it off.
rationale: >
  With chaining, the owner of objects in one database reaches those of another without being asked.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="cross db ownership chaining=off"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "cross db ownership chaining"
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
      WHERE JSON_VALUE(flag, '$.name') = 'cross db ownership chaining'
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
    WHEN value IS NULL THEN 'cross db ownership chaining is not set; SQL Server then has it off.'
    WHEN value IN ('off', 'false', 'no', '0') THEN CONCAT('cross db ownership chaining is ', value, '.')
    ELSE CONCAT('cross db ownership chaining is ', value, '; expected off.')
  END AS reason,
  TO_JSON(STRUCT('cross db ownership chaining' AS flag, value, version AS database_version)) AS evidence
FROM found
