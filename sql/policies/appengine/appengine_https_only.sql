/*
id: appengine_https_only
title: App Engine handlers force HTTPS
description: >
  Every handler of a version that serves must have the security level SECURE_ALWAYS.
severity: medium
asset_types: [appengine.googleapis.com/Version]
frameworks: {cis_gcp: {"3.0": "4.10", "4.0": "4.10", "5.0": "4.10"}}
rationale: >
  What is sent over plain HTTP, cookies included, can be read on the way.
remediation:
  text: >
    Set secure: always on every handler in app.yaml and deploy.
  gcloud: |
    gcloud app deploy app.yaml --project={project_id}
  terraform: |
    resource "google_app_engine_standard_app_version" "{display_name}" {
      handlers {
        url_regex      = ".*"
        security_level = "SECURE_ALWAYS"
      }
    }
covers: >
  The flexible environment reports no handlers: what its code does is not seen.
defaults: >
  handlers.securityLevel: SECURE_DEFAULT: plain HTTP is answered; servingStatus: SERVING.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.servingStatus'), 'SERVING') AS serving,
    COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(resource, '$.data.handlers')), 0) AS handlers,
    (
      SELECT STRING_AGG(
        CONCAT(COALESCE(JSON_VALUE(handler, '$.urlRegex'), '?'), ' (', COALESCE(JSON_VALUE(handler, '$.securityLevel'), 'SECURE_DEFAULT'), ')'), ', '
      )
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.handlers')) AS handler
      WHERE COALESCE(JSON_VALUE(handler, '$.securityLevel'), 'SECURE_DEFAULT') <> 'SECURE_ALWAYS'
    ) AS plain
  FROM assets
  WHERE asset_type = 'appengine.googleapis.com/Version'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN serving = 'STOPPED' THEN 'pass'
    WHEN plain IS NOT NULL THEN 'fail'
    WHEN handlers = 0 THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN serving = 'STOPPED' THEN 'The version serves nothing.'
    WHEN plain IS NOT NULL THEN CONCAT('Handlers that answer plain HTTP: ', plain, '.')
    WHEN handlers = 0 THEN 'Its handlers were not reported.'
    ELSE 'Every handler forces HTTPS.'
  END AS reason,
  JSON_OBJECT('handlers', handlers, 'plain', plain) AS evidence
FROM examined
