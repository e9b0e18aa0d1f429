/*
id: router_nat_logging
title: Cloud NAT logs
description: >
  Every NAT of a Cloud Router must log. Routers without NAT are passed.
severity: low
asset_types: [compute.googleapis.com/Router]
rationale: >
  The log is the only way to tell which machine stood behind a public address.
remediation:
  text: >
    Switch logging on for each NAT.
  gcloud: |
    gcloud compute routers nats update NAT --router={display_name} --region={location} --project={project_id} --enable-logging
  terraform: |
    resource "google_compute_router_nat" "nat" {
      log_config {
        enable = true
        filter = "ALL"
      }
    }
defaults: >
  nats.logConfig.enable: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(resource, '$.data.nats')), 0) AS nats,
    (
      SELECT STRING_AGG(JSON_VALUE(nat, '$.name'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.nats')) AS nat
      WHERE COALESCE(JSON_VALUE(nat, '$.logConfig.enable'), 'false') <> 'true'
    ) AS silent
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Router'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN nats = 0 THEN 'pass'
    WHEN silent IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN nats = 0 THEN 'Has no NAT.'
    WHEN silent IS NOT NULL THEN CONCAT('Does not log: ', silent, '.')
    ELSE 'Every NAT logs.'
  END AS reason,
  JSON_OBJECT('withoutLog', silent) AS evidence
FROM examined
