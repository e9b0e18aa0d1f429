/*
id: run_service_secrets_in_environment
title: Cloud Run services keep no secrets in environment variables
description: >
  No environment variable with a plain value has a name that looks like a secret. Variables that Secret
  Manager fills do not count.
severity: high
asset_types: [run.googleapis.com/Service]
params:
  - {name: pattern, type: STRING, default: "(?i)(secret|passw|pwd|token|api_?key|private_?key|credential)", description: "Regular expression for names that look like secrets"}
defaults: >
  env absent: none.
covers: >
  Names are judged, not values.
rationale: >
  Whoever may see the service sees its variables.
remediation:
  text: >
    Put the value into Secret Manager and let the service read it from there.
  gcloud: |
    gcloud run services update {display_name} --project={project_id} --region={location} --remove-env-vars=NAME --update-secrets=NAME=SECRET:latest
  terraform: |
    resource "google_cloud_run_v2_service" "{display_name}" {
      template {
        containers {
          env {
            name = "NAME"
            value_source {
              secret_key_ref {
                secret = "SECRET"
              }
            }
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
    (
      SELECT STRING_AGG(DISTINCT JSON_VALUE(variable, '$.name'), ', ')
      FROM UNNEST(
        ARRAY_CONCAT(
          COALESCE(JSON_QUERY_ARRAY(resource, '$.data.spec.template.spec.containers'), []),
          COALESCE(JSON_QUERY_ARRAY(resource, '$.data.template.containers'), [])
        )
      ) AS container
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(container, '$.env')) AS variable
      WHERE REGEXP_CONTAINS(JSON_VALUE(variable, '$.name'), @pattern)
        AND COALESCE(JSON_VALUE(variable, '$.value'), '') != ''
    ) AS suspects
  FROM assets
  WHERE asset_type = 'run.googleapis.com/Service'
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
    WHEN suspects IS NULL THEN 'No environment variable has the name of a secret and a plain value.'
    ELSE CONCAT('Environment variables that look like secrets: ', suspects, '.')
  END AS reason,
  TO_JSON(STRUCT(suspects)) AS evidence
FROM found
