/*
id: sql_point_in_time_recovery
title: Cloud SQL can be restored to any moment
description: >
  Primary instances keep the logs that recovery to a moment needs: binary logs for MySQL,
  pointInTimeRecoveryEnabled for the others, with automatic backups on.
severity: medium
asset_types: [sqladmin.googleapis.com/Instance]
defaults: >
  Either field absent: off.
rationale: >
  With a nightly backup alone a day of data is lost.
remediation:
  text: >
    Turn recovery to a moment on.
  gcloud: |
    # MySQL: --enable-bin-log
    gcloud sql instances patch {display_name} --project={project_id} --enable-point-in-time-recovery
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        backup_configuration {
          enabled                        = true
          point_in_time_recovery_enabled = true # MySQL: binary_log_enabled
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    CASE
      WHEN STARTS_WITH(JSON_VALUE(resource, '$.data.databaseVersion'), 'MYSQL')
        THEN COALESCE(JSON_VALUE(resource, '$.data.settings.backupConfiguration.binaryLogEnabled'), 'false')
      ELSE
        COALESCE(
          JSON_VALUE(resource, '$.data.settings.backupConfiguration.pointInTimeRecoveryEnabled'), 'false'
        )
    END AS enabled,
    COALESCE(JSON_VALUE(resource, '$.data.settings.backupConfiguration.enabled'), 'false') AS backups
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '')
      NOT IN ('ON_PREMISES_INSTANCE', 'READ_REPLICA_INSTANCE')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN enabled = 'true' AND backups = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN enabled = 'true' AND backups = 'true' THEN 'Recovery to a moment is on.'
    ELSE CONCAT('Recovery to a moment: ', enabled, '; automatic backups: ', backups, '.')
  END AS reason,
  TO_JSON(STRUCT(enabled AS recovery, backups)) AS evidence
FROM found
