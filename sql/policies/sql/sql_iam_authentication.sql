/*
id: sql_iam_authentication
title: Cloud SQL signs people in through IAM
description: >
  MySQL and PostgreSQL instances have IAM database authentication on. SQL Server does not know it and is
  not examined.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"5.0": "6.6"}
defaults: >
  Flag not set: IAM database authentication is off.
covers: >
  Whether users of the database do sign in that way is inside the database.
rationale: >
  Accounts of the company with their second factor and their leaving process are safer than passwords in a
  table.
remediation:
  text: >
    Set the flag cloudsql.iam_authentication (PostgreSQL) or cloudsql_iam_authentication (MySQL) to on,
    then add IAM users.
  gcloud: |
    # PostgreSQL; for MySQL the flag is cloudsql_iam_authentication
    gcloud sql instances patch {display_name} --project={project_id} --database-flags=cloudsql.iam_authentication=on
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        database_flags {
          name  = "cloudsql.iam_authentication" # MySQL: cloudsql_iam_authentication
          value = "on"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_VALUE(resource, '$.data.databaseVersion') IS NULL AS unseen,
    (
      SELECT MAX(LOWER(JSON_VALUE(flag, '$.value')))
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.settings.databaseFlags')) AS flag
      WHERE JSON_VALUE(flag, '$.name') IN ('cloudsql.iam_authentication', 'cloudsql_iam_authentication')
    ) AS value
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
    AND NOT STARTS_WITH(COALESCE(JSON_VALUE(resource, '$.data.databaseVersion'), ''), 'SQLSERVER')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(value, 'off') IN ('on', 'true', 'yes', '1') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN COALESCE(value, 'off') IN ('on', 'true', 'yes', '1') THEN 'IAM database authentication is on.'
    ELSE CONCAT('IAM database authentication is ', COALESCE(value, 'not set, which is off'), '.')
  END AS reason,
  TO_JSON(STRUCT(value)) AS evidence
FROM found
