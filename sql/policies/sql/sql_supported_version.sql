/*
id: sql_supported_version
title: Cloud SQL runs a database version that is still maintained
description: >
  The database version is not one of the list ended, which holds versions whose makers give no more fixes.
severity: high
asset_types: [sqladmin.googleapis.com/Instance]
params:
  - {name: ended, type: "ARRAY<STRING>", default: ["MYSQL_5_5", "MYSQL_5_6", "MYSQL_5_7", "POSTGRES_9_6", "POSTGRES_10", "POSTGRES_11", "POSTGRES_12", "SQLSERVER_2017"], description: "Beginnings of version names that are no longer maintained"}
rationale: >
  Holes in such a version stay open.
remediation:
  text: >
    Upgrade in place, after a test on a clone.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-version=POSTGRES_16
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      database_version = "POSTGRES_16"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_VALUE(resource, '$.data.databaseVersion') IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.databaseVersion') AS version,
    EXISTS (
      SELECT 1
      FROM UNNEST(@ended) AS old
      WHERE JSON_VALUE(resource, '$.data.databaseVersion') = old
        OR STARTS_WITH(JSON_VALUE(resource, '$.data.databaseVersion'), CONCAT(old, '_'))
    ) AS ended
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN NOT ended THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN NOT ended THEN CONCAT(version, ' is maintained.')
    ELSE CONCAT(version, ' is no longer maintained by its makers.')
  END AS reason,
  TO_JSON(STRUCT(version)) AS evidence
FROM found
