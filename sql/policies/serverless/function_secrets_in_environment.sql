/*
id: function_secrets_in_environment
title: Functions keep no secrets in environment variables
description: >
  No environment variable of a function, first or second generation, has a name that looks like a secret.
  Variables that Secret Manager fills are listed apart by the API and do not count.
severity: high
asset_types: [cloudfunctions.googleapis.com/CloudFunction, cloudfunctions.googleapis.com/Function]
frameworks:
  cis_gcp: {"3.0": "1.17", "4.0": "1.17", "5.0": "1.18"}
params:
  - {name: pattern, type: STRING, default: "(?i)(secret|passw|pwd|token|api_?key|private_?key|credential)", description: "Regular expression for names that look like secrets"}
defaults: >
  environmentVariables absent: none.
covers: >
  Names are judged, not values: a secret under a harmless name is not found, and a harmless value under
  such a name is.
rationale: >
  Whoever may see the function sees its variables; they also end up in build logs and backups.
remediation:
  text: >
    Put the value into Secret Manager and let the function read it from there.
  gcloud: |
    gcloud functions deploy {display_name} --project={project_id} --region={location} --remove-env-vars=NAME --set-secrets=NAME=SECRET:latest
  terraform: |
    resource "google_cloudfunctions2_function" "{display_name}" {
      service_config {
        secret_environment_variables {
          key        = "NAME"
          project_id = "{project_id}"
          secret     = "SECRET"
          version    = "latest"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    (
      SELECT STRING_AGG(variable, ', ' ORDER BY variable)
      FROM UNNEST(
        ARRAY_CONCAT(
          COALESCE(JSON_KEYS(JSON_QUERY(resource, '$.data.environmentVariables'), 1), []),
          COALESCE(JSON_KEYS(JSON_QUERY(resource, '$.data.serviceConfig.environmentVariables'), 1), [])
        )
      ) AS variable
      WHERE REGEXP_CONTAINS(variable, @pattern)
    ) AS suspects
  FROM assets
  WHERE asset_type IN ('cloudfunctions.googleapis.com/CloudFunction', 'cloudfunctions.googleapis.com/Function')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN suspects IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN suspects IS NULL THEN 'No environment variable has the name of a secret.'
    ELSE CONCAT('Environment variables that look like secrets: ', suspects, '.')
  END AS reason,
  TO_JSON(STRUCT(suspects)) AS evidence
FROM found
