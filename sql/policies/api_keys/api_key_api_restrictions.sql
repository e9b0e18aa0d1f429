/*
id: api_key_api_restrictions
title: API key is limited to APIs
description: >
  The key must name the APIs it may call, and not one that stands for many. Deleted keys are not examined.
severity: medium
asset_types: [apikeys.googleapis.com/Key]
frameworks: {cis_gcp: {"3.0": "1.14", "4.0": "1.14", "5.0": "1.15"}}
params:
  - {name: wide_services, type: "ARRAY<STRING>", default: [cloudapis.googleapis.com], description: Services that stand for many APIs}
rationale: >
  A key that leaks then opens every API that is enabled, at your cost.
remediation:
  text: >
    Name the APIs it needs.
  gcloud: |
    gcloud services api-keys update {name} --api-target=service=maps-backend.googleapis.com
  terraform: |
    resource "google_apikeys_key" "{display_name}" {
      restrictions {
        api_targets {
          service = "maps-backend.googleapis.com"
        }
      }
    }
covers: >
  Whether the named APIs are those the application needs.
defaults: >
  restrictions.apiTargets: every API.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(resource, '$.data.restrictions.apiTargets')), 0) AS targets,
    (
      SELECT STRING_AGG(JSON_VALUE(target, '$.service'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.restrictions.apiTargets')) AS target
      WHERE JSON_VALUE(target, '$.service') IN UNNEST(@wide_services)
    ) AS wide
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN targets = 0 THEN 'fail'
    WHEN wide IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN targets = 0 THEN 'May call every API of the project.'
    WHEN wide IS NOT NULL THEN CONCAT('May call ', wide, ', which stands for many APIs.')
    ELSE CONCAT('Limited to ', CAST(targets AS STRING), ' API(s).')
  END AS reason,
  JSON_OBJECT('apiTargets', targets, 'wide', wide) AS evidence
FROM examined
