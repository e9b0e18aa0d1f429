/*
id: firewall_open_ports
title: No firewall rule opens given ports to the internet
description: >
  An enabled ingress rule that allows one of the ports, in TCP or UDP, from any address. Ranges that hold a port count, and
  so does a rule without ports or for all protocols.
severity: high
asset_types: [compute.googleapis.com/Firewall]
params:
  - name: ports
    type: ARRAY<INT64>
    default: [21, 23, 135, 139, 445, 1433, 1521, 2049, 2375, 2379, 3306, 5432, 5900, 6379, 9200, 11211, 27017]
    description: Ports that must not be open
  - name: protocols
    type: ARRAY<STRING>
    default: [tcp, udp]
    description: Protocols in which they must not be open
rationale: >
  Databases, file shares and administration ports are scanned for within minutes of being reachable.
remediation:
  text: Restrict the rule to known source ranges, or remove it.
  gcloud: >-
    gcloud compute firewall-rules update {display_name} --project={project_id} --source-ranges=RANGES
  terraform: |
    resource "google_compute_firewall" "rule" {
      name          = "{display_name}"
      project       = "{project_id}"
      source_ranges = ["10.0.0.0/8"]
    }
defaults: >
  A rule without direction is INGRESS; without disabled it is enabled; without source ranges, tags and accounts it counts for
  any address.
*/
WITH rules AS (
  SELECT
    name,
    resource IS NULL AS not_seen,
    COALESCE(JSON_VALUE(resource, '$.data.direction'), 'INGRESS') = 'INGRESS'
      AND COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') <> 'true' AS counts,
    JSON_VALUE_ARRAY(resource, '$.data.sourceRanges') AS ranges,
    ARRAY_LENGTH(COALESCE(JSON_QUERY_ARRAY(resource, '$.data.sourceTags'), []))
      + ARRAY_LENGTH(COALESCE(JSON_QUERY_ARRAY(resource, '$.data.sourceServiceAccounts'), [])) AS narrowed,
    JSON_QUERY_ARRAY(resource, '$.data.allowed') AS allowed
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Firewall'
),
judged AS (
  SELECT
    name,
    not_seen,
    counts
      AND (
        '0.0.0.0/0' IN UNNEST(ranges)
        OR '::/0' IN UNNEST(ranges)
        OR (ARRAY_LENGTH(COALESCE(ranges, [])) = 0 AND narrowed = 0)
      ) AS from_anywhere,
    allowed
  FROM rules
),
lines AS (
  SELECT
    j.name,
    LOWER(COALESCE(JSON_VALUE(line, '$.IPProtocol'), JSON_VALUE(line, '$.ipProtocol'), 'all')) AS protocol,
    JSON_VALUE_ARRAY(line, '$.ports') AS ports
  FROM judged AS j
  CROSS JOIN UNNEST(j.allowed) AS line
  WHERE j.from_anywhere
),
spans AS (
  SELECT
    name,
    protocol,
    SAFE_CAST(REGEXP_EXTRACT(span, r'^\d+') AS INT64) AS first_port,
    SAFE_CAST(REGEXP_EXTRACT(span, r'\d+$') AS INT64) AS last_port
  FROM lines
  CROSS JOIN UNNEST(IF(ARRAY_LENGTH(COALESCE(ports, [])) = 0, ['0-65535'], ports)) AS span
  WHERE protocol = 'all'
    OR protocol IN UNNEST(@protocols)
    OR (protocol = '6' AND 'tcp' IN UNNEST(@protocols))
    OR (protocol = '17' AND 'udp' IN UNNEST(@protocols))
),
opened AS (
  SELECT s.name, ARRAY_AGG(DISTINCT CAST(port AS STRING) ORDER BY CAST(port AS STRING)) AS ports
  FROM spans AS s
  CROSS JOIN UNNEST(@ports) AS port
  WHERE port BETWEEN s.first_port AND s.last_port
  GROUP BY s.name
)
SELECT
  j.name AS asset_name,
  CASE WHEN j.not_seen THEN 'unknown' WHEN o.name IS NULL THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN j.not_seen THEN 'The firewall rule was not collected.'
    WHEN o.name IS NOT NULL
      THEN CONCAT('Open from any address: port ', ARRAY_TO_STRING(o.ports, ', '), '.')
    WHEN j.from_anywhere THEN 'It is open from any address, but to none of the ports.'
    ELSE 'It allows nothing from any address.'
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('ports', o.ports) END AS evidence
FROM judged AS j
LEFT JOIN opened AS o ON o.name = j.name
