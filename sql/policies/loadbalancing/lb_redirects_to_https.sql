/*
id: lb_redirects_to_https
title: Plain HTTP is sent on to HTTPS
description: >
  The URL map of a proxy for plain HTTP must redirect to HTTPS.
severity: medium
asset_types: [compute.googleapis.com/TargetHttpProxy, compute.googleapis.com/RegionTargetHttpProxy]
rationale: >
  What is sent over plain HTTP, cookies included, can be read on the way.
remediation:
  text: >
    Give the proxy a URL map that only redirects.
  gcloud: |
    gcloud compute url-maps import REDIRECT-MAP --source=redirect.yaml --global --project={project_id}
  terraform: |
    resource "google_compute_url_map" "redirect" {
      default_url_redirect {
        https_redirect = true
        strip_query    = false
      }
    }
covers: >
  Route rules within path matchers are not read.
defaults: >
  defaultUrlRedirect.httpsRedirect: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.urlMap'), r'projects/.+$') AS path
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/TargetHttpProxy', 'compute.googleapis.com/RegionTargetHttpProxy')
),
maps AS (
  SELECT
    REGEXP_EXTRACT(name, r'projects/.+$') AS path,
    COALESCE(JSON_VALUE(resource, '$.data.defaultUrlRedirect.httpsRedirect'), 'false') AS redirects,
    (
      SELECT COUNT(*)
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.pathMatchers')) AS matcher
      WHERE COALESCE(JSON_VALUE(matcher, '$.defaultUrlRedirect.httpsRedirect'), 'false') <> 'true'
    ) AS plain_matchers
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/UrlMap', 'compute.googleapis.com/RegionUrlMap')
    AND resource IS NOT NULL
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN o.path IS NULL THEN 'unknown'
    WHEN o.redirects <> 'true' THEN 'fail'
    WHEN o.plain_matchers > 0 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN o.path IS NULL THEN CONCAT('Its URL map ', COALESCE(e.path, '(not named)'), ' was not collected.')
    WHEN o.redirects <> 'true' THEN 'Its URL map does not redirect to HTTPS.'
    WHEN o.plain_matchers > 0 THEN CONCAT(CAST(o.plain_matchers AS STRING), ' path matcher(s) of its URL map do not redirect to HTTPS.')
    ELSE 'Its URL map redirects to HTTPS.'
  END AS reason,
  JSON_OBJECT('urlMap', e.path, 'redirects', o.redirects) AS evidence
FROM examined AS e
LEFT JOIN maps AS o ON o.path = e.path
