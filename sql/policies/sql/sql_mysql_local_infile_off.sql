/*
id: sql_mysql_local_infile_off
title: MySQL does not load files of clients
description: >
  MySQL instances of Cloud SQL, read replicas included: the database flag local_infile must be off.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.1.3", "4.0": "6.1.3", "5.0": "6.1.3"}
defaults: >
  Flag not set: the default depends on the version (on before 8.0), so it has to be set.
rationale: >
  LOAD DATA LOCAL lets a server ask a client for any file the client can read.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="local_infile=off"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "local_infile"
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
      WHERE JSON_VALUE(flag, '$.name') = 'local_infile'
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
    WHEN value IN ('off', 'false', 'no', '0') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'local_infile is not set; the default depends on the version (on before 8.0), so it has to be set.'
    WHEN value IN ('off', 'false', 'no', '0') THEN CONCAT('local_infile is ', value, '.')
    ELSE CONCAT('local_infile is ', value, '; expected off.')
  END AS reason,
  TO_JSON(STRUCT('local_infile' AS flag, value, version AS database_version)) AS evidence
FROM found
