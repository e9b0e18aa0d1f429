/*
id: dns_query_logging
title: DNS queries of the network are logged
description: >
  Every VPC network must be in a DNS policy that logs queries.
severity: low
asset_types: [compute.googleapis.com/Network]
frameworks: {cis_gcp: {"3.0": "2.12", "4.0": "2.12", "5.0": "2.13"}}
rationale: >
  Malware asks for names before it calls home; the log shows which machine did.
remediation:
  text: >
    Make a DNS policy with logging for the network.
  gcloud: |
    gcloud dns policies create query-log --project={project_id} --networks={display_name} --enable-logging --description=Log
  terraform: |
    resource "google_dns_policy" "query_log" {
      name           = "query-log"
      enable_logging = true
      networks {
        network_url = google_compute_network.main.id
      }
    }
covers: >
  A network whose DNS policies were not collected counts as one without.
defaults: >
  enableLogging: false.
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
dns_policies AS (
  SELECT
    REGEXP_EXTRACT(JSON_VALUE(network, '$.networkUrl'), r'projects/.+$') AS path,
    MAX(IF(JSON_VALUE(resource, '$.data.enableLogging') = 'true', 1, 0)) AS logging,
    STRING_AGG(REGEXP_EXTRACT(name, r'[^/]+$'), ', ' ORDER BY name) AS policies
  FROM assets
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(resource, '$.data.networks')) AS network
  WHERE asset_type = 'dns.googleapis.com/Policy'
  GROUP BY path
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN o.path IS NULL THEN 'fail'
    WHEN o.logging = 1 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN o.path IS NULL THEN 'No DNS policy covers the network.'
    WHEN o.logging = 1 THEN CONCAT('Logged by the DNS policy ', o.policies, '.')
    ELSE CONCAT('Its DNS policy ', o.policies, ' does not log queries.')
  END AS reason,
  JSON_OBJECT('policies', o.policies) AS evidence
FROM examined AS e
LEFT JOIN dns_policies AS o ON o.path = e.path
