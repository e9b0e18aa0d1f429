/*
id: secret_rotation
title: Secrets have a rotation schedule
description: >
  The secret has a rotation period of at most max_days.
severity: medium
asset_types: [secretmanager.googleapis.com/Secret]
params:
  - {name: max_days, type: INT64, default: 90, description: "Longest time between two rotations, in days"}
defaults: >
  rotation.rotationPeriod absent: no schedule.
covers: >
  Whether a new version is in fact added on schedule.
rationale: >
  A password that nobody changes works for everyone who ever saw it.
remediation:
  text: >
    Set a schedule with a topic, and let a function add the new version.
  gcloud: |
    gcloud secrets update {display_name} --project={project_id} --rotation-period=7776000s --next-rotation-time=TIME --add-topics=TOPIC
  terraform: |
    resource "google_secret_manager_secret" "{display_name}" {
      rotation {
        rotation_period    = "7776000s"
        next_rotation_time = "TIME"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    SAFE_CAST(
      REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.rotation.rotationPeriod'), r'^([0-9.]+)s$') AS FLOAT64
    ) AS seconds
  FROM assets
  WHERE asset_type = 'secretmanager.googleapis.com/Secret'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(seconds <= @max_days * 86400, FALSE) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN COALESCE(seconds <= @max_days * 86400, FALSE) THEN CONCAT('Rotation is due every ', CAST(CAST(FLOOR(seconds / 86400) AS INT64) AS STRING), ' days.')
    ELSE COALESCE(CONCAT('Rotation is due every ', CAST(CAST(FLOOR(seconds / 86400) AS INT64) AS STRING), ' days; expected at most ', CAST(@max_days AS STRING), '.'), 'The secret has no rotation schedule.')
  END AS reason,
  TO_JSON(STRUCT(seconds AS rotation_seconds)) AS evidence
FROM found
