/*
id: sql_automatic_backups
title: Cloud SQL instances are backed up every day
description: >
  Automatic backups are on. Read replicas and external primaries are not examined: they hold a copy of
  another instance.
severity: high
asset_types: [sqladmin.googleapis.com/Instance]
frameworks:
  cis_gcp: {"3.0": "6.7", "4.0": "6.7", "5.0": "6.8"}
defaults: >
  backupConfiguration.enabled absent: backups are off.
rationale: >
  A dropped table is gone without a backup.
remediation:
  text: >
    Set a start time for the daily backup.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --backup-start-time=03:00
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        backup_configuration {
          enabled    = true
          start_time = "03:00"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.backupConfiguration.enabled'), 'false') AS enabled
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '')
      NOT IN ('ON_PREMISES_INSTANCE', 'READ_REPLICA_INSTANCE')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN enabled = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN enabled = 'true' THEN 'Automatic backups are on.'
    ELSE 'Automatic backups are off.'
  END AS reason,
  TO_JSON(STRUCT(enabled)) AS evidence
FROM found
