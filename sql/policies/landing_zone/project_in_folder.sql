/*
id: project_in_folder
title: Project is in a folder
description: >
  No project may hang on the organisation itself.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks: {cis_gcp: {"5.0": "1.1.3"}}
rationale: >
  It inherits none of the policies and rights that were set on folders.
remediation:
  text: >
    Move the project.
  gcloud: |
    gcloud projects move {project_id} --folder=FOLDER
  terraform: |
    resource "google_project" "{project_id}" {
      folder_id = google_folder.production.id
    }
covers: >
  Whether it is in the right folder.
defaults: >
  ancestors: unknown where a project has none.
grain: asset
*/
SELECT
  name AS asset_name,
  CASE
    WHEN COALESCE(ARRAY_LENGTH(ancestors), 0) < 2 THEN 'unknown'
    WHEN folder IS NOT NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN COALESCE(ARRAY_LENGTH(ancestors), 0) < 2 THEN 'What is above the project is not known.'
    WHEN folder IS NOT NULL THEN CONCAT('Is in ', folder, '.')
    ELSE CONCAT('Hangs on ', organization, ' itself.')
  END AS reason,
  JSON_OBJECT('ancestors', ARRAY_TO_STRING(ancestors, ', ')) AS evidence
FROM assets
WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
