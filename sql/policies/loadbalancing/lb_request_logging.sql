/*
id: lb_request_logging
title: Load balancer logs requests
description: >
  Every back-end service for HTTP must log, with a sample rate above nothing.
severity: medium
asset_types: [compute.googleapis.com/BackendService, compute.googleapis.com/RegionBackendService]
frameworks: {cis_gcp: {"3.0": "2.16", "4.0": "2.16", "5.0": "2.17"}}
rationale: >
  The log is the record of who asked for what, and what a web firewall did.
remediation:
  text: >
    Switch logging on for the back-end service.
  gcloud: |
    gcloud compute backend-services update {display_name} --global --project={project_id} --enable-logging --logging-sample-rate=1.0
  terraform: |
    resource "google_compute_backend_service" "{display_name}" {
      log_config {
        enable      = true
        sample_rate = 1.0
      }
    }
covers: >
  Back-end buckets; and whether a URL map uses the service.
defaults: >
  protocol: HTTP; logConfig.enable: false; logConfig.sampleRate: 1.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.enable'), 'false') AS logs,
    COALESCE(SAFE_CAST(JSON_VALUE(resource, '$.data.logConfig.sampleRate') AS FLOAT64), 1.0) AS rate
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/BackendService',
    'compute.googleapis.com/RegionBackendService'
  )
    AND (resource IS NULL OR UPPER(COALESCE(JSON_VALUE(resource, '$.data.protocol'), 'HTTP')) IN ('HTTP', 'HTTPS', 'HTTP2', 'H2C', 'GRPC'))
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN logs <> 'true' THEN 'fail'
    WHEN rate <= 0 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN logs <> 'true' THEN 'Request logging is off.'
    WHEN rate <= 0 THEN 'Request logging is on, but its sample rate is 0.'
    ELSE 'Request logging is on.'
  END AS reason,
  JSON_OBJECT('logging', logs, 'sampleRate', rate) AS evidence
FROM examined
