/*
id: sql_sqlserver_user_options_unset
title: SQL Server sets no options for all users
description: >
  SQL Server instances of Cloud SQL: the database flag user options must not be set, whatever its value.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.3.4", "4.0": "6.3.4", "5.0": "6.3.4"}
defaults: >
  Flag not set: no options, as it should be.
rationale: >
  Options set for everyone change the meaning of statements that programs rely on.
remediation:
  text: >
    Remove the flag; name all other flags of the instance when you do so on the command line.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --database-flags=FLAGS_WITHOUT_USER_OPTIONS
  terraform: |
    # In google_sql_database_instance "{display_name}", settings: remove the block database_flags with
    #   name = "user options"
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_VALUE(resource, '$.data.databaseVersion') IS NULL AS unseen,
    (
      SELECT MAX(COALESCE(JSON_VALUE(flag, '$.value'), ''))
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.settings.databaseFlags')) AS flag
      WHERE JSON_VALUE(flag, '$.name') = 'user options'
    ) AS value
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
    AND STARTS_WITH(COALESCE(JSON_VALUE(resource, '$.data.databaseVersion'), 'SQLSERVER'), 'SQLSERVER')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN value IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN value IS NULL THEN 'user options is not set.'
    ELSE CONCAT('user options is set to ', value, '; expected not to be set.')
  END AS reason,
  TO_JSON(STRUCT('user options' AS flag, value)) AS evidence
FROM found
