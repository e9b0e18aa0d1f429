/*
id: sql_storage_auto_increase
title: Cloud SQL disks grow before they are full
description: >
  storageAutoResize is on.
severity: low
asset_types: [sqladmin.googleapis.com/Instance]
defaults: >
  storageAutoResize absent: on.
rationale: >
  A full disk stops the database.
remediation:
  text: >
    Turn automatic storage increase on, with a limit if the budget asks for one.
  gcloud: |
    gcloud sql instances patch {display_name} --project={project_id} --storage-auto-increase
  terraform: |
    resource "google_sql_database_instance" "{display_name}" {
      settings {
        disk_autoresize = true
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.settings.storageAutoResize'), 'true') AS resize
  FROM assets
  WHERE asset_type = 'sqladmin.googleapis.com/Instance'
    AND COALESCE(JSON_VALUE(resource, '$.data.instanceType'), '') != 'ON_PREMISES_INSTANCE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN resize = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN resize = 'true' THEN 'The disk grows by itself.'
    ELSE 'The disk does not grow by itself.'
  END AS reason,
  TO_JSON(STRUCT(resize)) AS evidence
FROM found
