/*
id: lb_certificate_expiry
title: Certificate does not run out soon
description: >
  A certificate that is not renewed by Google must be valid for min_days more.
severity: high
asset_types: [compute.googleapis.com/SslCertificate, compute.googleapis.com/RegionSslCertificate]
params:
  - {name: min_days, type: INT64, default: 30, description: Fewer whole days than this fail}
rationale: >
  On the day it runs out nobody can use what is behind it.
remediation:
  text: >
    Upload a new certificate and give it to the proxy, or use one that Google manages.
  gcloud: |
    gcloud compute ssl-certificates create NEW --project={project_id} --certificate=cert.pem --private-key=key.pem
  terraform: |
    resource "google_compute_managed_ssl_certificate" "web" {
      managed {
        domains = ["www.example.com"]
      }
    }
defaults: >
  type: SELF_MANAGED.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.type'), 'SELF_MANAGED') AS kind,
    SAFE_CAST(JSON_VALUE(resource, '$.data.expireTime') AS TIMESTAMP) AS expires
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/SslCertificate',
    'compute.googleapis.com/RegionSslCertificate'
  )
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN kind = 'MANAGED' THEN 'pass'
    WHEN expires IS NULL THEN 'unknown'
    WHEN expires < CURRENT_TIMESTAMP() THEN 'fail'
    WHEN TIMESTAMP_DIFF(expires, CURRENT_TIMESTAMP(), DAY) < @min_days THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN kind = 'MANAGED' THEN 'Google renews it.'
    WHEN expires IS NULL THEN 'Its end was not reported.'
    WHEN expires < CURRENT_TIMESTAMP() THEN CONCAT('Ran out on ', FORMAT_TIMESTAMP('%Y-%m-%d', expires), '.')
    WHEN TIMESTAMP_DIFF(expires, CURRENT_TIMESTAMP(), DAY) < @min_days THEN CONCAT('Runs out on ', FORMAT_TIMESTAMP('%Y-%m-%d', expires), ', in less than ', CAST(@min_days AS STRING), ' days.')
    ELSE CONCAT('Valid until ', FORMAT_TIMESTAMP('%Y-%m-%d', expires), '.')
  END AS reason,
  JSON_OBJECT('type', kind, 'expires', CAST(expires AS STRING)) AS evidence
FROM examined
