/*
id: sql_sqlserver_user_connections_unlimited
title: SQL Server does not limit user connections
description: >
  SQL Server instances of Cloud SQL, read replicas included: the database flag user connections must be 0,
  which is no limit.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.3", "4.0": "6.3.3", "5.0": "6.3.3"}
defaults: >
  Flag not set: SQL Server then sets no limit.
rationale: >
  A low limit turns a burst of connections into an outage.
remediation:
  text: >
    Set the flag. The list of flags is replaced as a whole: name those the instance already has as well.
    Some flags restart the instance.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags="user connections=0"
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "user connections"
          value = "0"
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
      WHERE JSON_VALUE(flag, '$.name') = 'user connections'
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
    WHEN SAFE_CAST(value AS INT64) = 0 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN version IS NULL THEN 'The instance, or its database version, was not collected.'
    WHEN value IS NULL THEN 'user connections is not set; SQL Server then sets no limit.'
    WHEN SAFE_CAST(value AS INT64) = 0 THEN CONCAT('user connections is ', value, '.')
    ELSE CONCAT('user connections is ', value, '; expected 0, which is no limit.')
  END AS reason,
  TO_JSON(STRUCT('user connections' AS flag, value, version AS database_version)) AS evidence
FROM found
