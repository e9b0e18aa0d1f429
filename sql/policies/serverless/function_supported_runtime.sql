/*
id: function_supported_runtime
title: Functions use a runtime that is still maintained
description: >
  The runtime of the function is not one of the list ended.
severity: high
asset_types: [cloudfunctions.googleapis.com/CloudFunction, cloudfunctions.googleapis.com/Function]
params:
  - {name: ended, type: "ARRAY<STRING>", default: ["nodejs6", "nodejs8", "nodejs10", "nodejs12", "nodejs14", "nodejs16", "nodejs18", "python37", "python38", "python39", "go111", "go113", "go116", "go118", "go119", "go120", "java8", "java11", "dotnet3", "dotnet6", "ruby26", "ruby27", "ruby30", "ruby31", "php74", "php81"], description: "Runtimes that get no more fixes"}
defaults: >
  runtime absent: not known.
rationale: >
  Holes in such a runtime stay open, and one day it cannot be deployed any more.
remediation:
  text: >
    Move to a newer runtime of the language.
  gcloud: |
    gcloud functions deploy {display_name} --project={project_id} --region={location} --runtime=RUNTIME
  terraform: |
    resource "google_cloudfunctions2_function" "{display_name}" {
      build_config {
        runtime = "RUNTIME"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    COALESCE(JSON_VALUE(resource, '$.data.buildConfig.runtime'), JSON_VALUE(resource, '$.data.runtime')) IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.buildConfig.runtime'), JSON_VALUE(resource, '$.data.runtime')) AS runtime
  FROM assets
  WHERE asset_type IN ('cloudfunctions.googleapis.com/CloudFunction', 'cloudfunctions.googleapis.com/Function')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN runtime NOT IN UNNEST(@ended) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN runtime NOT IN UNNEST(@ended) THEN CONCAT(runtime, ' is maintained.')
    ELSE CONCAT(runtime, ' gets no more fixes.')
  END AS reason,
  TO_JSON(STRUCT(runtime)) AS evidence
FROM found
