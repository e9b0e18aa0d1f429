/*
id: sql_backup_retention
title: Cloud SQL keeps enough backups
description: >
  Primary instances with automatic backups keep at least min_backups of them.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
params:
  - {name: min_backups, type: INT64, default: 7, description: "Fewest backups to keep"}
defaults: >
  retainedBackups absent: 7. backupConfiguration.enabled absent: off.
rationale: >
  A mistake that is noticed after the oldest backup cannot be undone.
remediation:
  text: >
    Raise the number of backups that are kept.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --retained-backups-count=14
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        backup_configuration {
          enabled = true
          backup_retention_settings {
            retained_backups = 14
          }
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.backupConfiguration.enabled'), 'false') AS enabled,
    COALESCE(
      SAFE_CAST(
        JSON_VALUE(
          resource, '$.data.settings.backupConfiguration.backupRetentionSettings.retainedBackups'
        ) AS INT64
      ),
      7
    ) AS kept
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '')
      NOT IN ('ON_PREMISES_INSTANCE', 'READ_REPLICA_INSTANCE')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN enabled = 'true' AND kept >= @min_backups THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN enabled = 'true' AND kept >= @min_backups THEN CONCAT(CAST(kept AS STRING), ' backups are kept.')
    ELSE CASE
      WHEN enabled != 'true' THEN 'Automatic backups are off.'
      ELSE CONCAT(CAST(kept AS STRING), ' backups are kept; expected at least ', CAST(@min_backups AS STRING), '.')
    END
  END AS reason,
  TO_JSON(STRUCT(enabled, kept)) AS evidence
FROM found
