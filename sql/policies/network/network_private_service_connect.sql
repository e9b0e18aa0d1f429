/*
id: network_private_service_connect
title: Google APIs are reached over Private Service Connect
description: >
  Every VPC network must have an endpoint of Private Service Connect for Google APIs.
severity: low
asset_types: [compute.googleapis.com/Network]
frameworks: {cis_gcp: {"5.0": "3.9"}}
rationale: >
  Calls to Google APIs then stay on addresses of one's own, and firewall rules can name them.
remediation:
  text: >
    Reserve an address and make an endpoint.
  gcloud: |
    gcloud compute forwarding-rules create psc --global --project={project_id} --network={display_name} --address=ADDRESS --target-google-apis-bundle=vpc-sc
  terraform: |
    resource "google_compute_global_forwarding_rule" "psc" {
      network               = google_compute_network.main.id
      target                = "vpc-sc"
      load_balancing_scheme = ""
    }
covers: >
  Whether DNS sends the calls to the endpoint, and whether workloads use it.
defaults: >
  target: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    REGEXP_EXTRACT(name, r'projects/.+$') AS path
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Network'
),
endpoints AS (
  SELECT
    REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.network'), r'projects/.+$') AS path,
    STRING_AGG(REGEXP_EXTRACT(name, r'[^/]+$'), ', ' ORDER BY name) AS endpoints
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/GlobalForwardingRule', 'compute.googleapis.com/ForwardingRule')
    AND REGEXP_CONTAINS(JSON_VALUE(resource, '$.data.target'), r'(^|/)(all-apis|vpc-sc|apis)$')
  GROUP BY path
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN o.path IS NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN o.path IS NULL THEN 'Has no endpoint for Google APIs.'
    ELSE CONCAT('Has the endpoint ', o.endpoints, '.')
  END AS reason,
  JSON_OBJECT('endpoints', o.endpoints) AS evidence
FROM examined AS e
LEFT JOIN endpoints AS o ON o.path = e.path
