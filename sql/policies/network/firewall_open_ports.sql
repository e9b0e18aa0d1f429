/*
id: firewall_open_ports
title: No firewall rule opens given ports to the internet
description: >
  An enabled ingress rule, of a network or of a firewall policy, that allows one of the ports, in TCP or UDP, from any
  address fails. Ranges that hold a port count, and so does a rule without ports or for all protocols.
severity: high
asset_types:
  - compute.googleapis.com/Firewall
  - compute.googleapis.com/FirewallPolicy
  - compute.googleapis.com/NetworkFirewallPolicy
params:
  - name: ports
    type: ARRAY<INT64>
    default: [21, 23, 135, 139, 445, 1433, 1521, 2049, 2375, 2379, 3306, 5432, 5900, 6379, 9200, 11211, 27017]
    description: Ports that must not be open
  - name: protocols
    type: ARRAY<STRING>
    default: [tcp, udp]
    description: Protocols in which they must not be open
  - {name: open_prefix, type: INT64, default: 3, description: "A source range with a prefix this short, 0 to 9, counts as the internet: /0 is all addresses, 2000::/3 all public IPv6"}
covers: >
  A rule that is denied by one of higher priority is counted all the same, and so is one whose targets match
  no machine.
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
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    asset_type = 'compute.googleapis.com/Firewall' AS of_network,
    resource IS NULL AS unseen,
    JSON_QUERY(resource, '$.data') AS data
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/Firewall',
    'compute.googleapis.com/FirewallPolicy',
    'compute.googleapis.com/NetworkFirewallPolicy'
  )
),
entries AS (
  SELECT name, '' AS entry, data AS line
  FROM examined
  WHERE of_network
  UNION ALL
  SELECT name, CONCAT('rule ', COALESCE(JSON_VALUE(line, '$.priority'), '?'), ' ') AS entry, line
  FROM examined
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(data, '$.rules')) AS line
  WHERE NOT of_network
    AND JSON_VALUE(line, '$.action') IN ('allow', 'apply_security_profile_group')
),
ingress AS (
  SELECT
    name,
    entry,
    line,
    COALESCE(
      JSON_QUERY(line, '$.sourceRanges'), JSON_QUERY(line, '$.sourceRange'), JSON_QUERY(line, '$.match.srcIpRanges')
    ) AS ranges
  FROM entries
  WHERE UPPER(COALESCE(JSON_VALUE(line, '$.direction'), 'INGRESS')) = 'INGRESS'
    AND COALESCE(JSON_VALUE(line, '$.disabled'), 'false') <> 'true'
),
from_anywhere AS (
  SELECT
    name,
    entry,
    line,
    COALESCE(JSON_QUERY(line, '$.allowed'), JSON_QUERY(line, '$.match.layer4Configs')) AS layers
  FROM ingress
  WHERE REGEXP_CONTAINS(TO_JSON_STRING(ranges), CONCAT('/[0-', CAST(@open_prefix AS STRING), ']"'))
    OR (
      JSON_QUERY(ranges, '$[0]') IS NULL
      AND COALESCE(
        JSON_QUERY(line, '$.sourceTags[0]'), JSON_QUERY(line, '$.sourceTag[0]'),
        JSON_QUERY(line, '$.sourceServiceAccounts[0]'), JSON_QUERY(line, '$.sourceServiceAccount[0]'),
        JSON_QUERY(line, '$.match.srcSecureTags[0]'), JSON_QUERY(line, '$.match.srcFqdns[0]'),
        JSON_QUERY(line, '$.match.srcRegionCodes[0]'), JSON_QUERY(line, '$.match.srcThreatIntelligences[0]'),
        JSON_QUERY(line, '$.match.srcAddressGroups[0]'), JSON_QUERY(line, '$.match.srcNetworks[0]')
      ) IS NULL
    )
),
lines AS (
  SELECT
    name,
    entry,
    CASE LOWER(COALESCE(JSON_VALUE(layer, '$.IPProtocol'), JSON_VALUE(layer, '$.ipProtocol'), 'all'))
      WHEN '6' THEN 'tcp'
      WHEN '17' THEN 'udp'
      WHEN '132' THEN 'sctp'
      ELSE LOWER(COALESCE(JSON_VALUE(layer, '$.IPProtocol'), JSON_VALUE(layer, '$.ipProtocol'), 'all'))
    END AS protocol,
    COALESCE(JSON_VALUE_ARRAY(layer, '$.ports'), JSON_VALUE_ARRAY(layer, '$.port'), []) AS ports
  FROM from_anywhere
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(layers, '$')) AS layer
),
spans AS (
  SELECT
    name,
    protocol,
    CONCAT(
      entry,
      CASE
        WHEN protocol = 'all' THEN 'every protocol'
        WHEN span = '' THEN CONCAT(protocol, ' all ports')
        ELSE CONCAT(protocol, ' port ', span)
      END
    ) AS shown,
    IF(span = '', 0, SAFE_CAST(REGEXP_EXTRACT(span, r'^(\d+)') AS INT64)) AS first_port,
    IF(span = '', 65535, SAFE_CAST(REGEXP_EXTRACT(span, r'(\d+)$') AS INT64)) AS last_port
  FROM lines
  CROSS JOIN UNNEST(IF(ARRAY_LENGTH(ports) = 0, [''], ports)) AS span
),
hits AS (
  SELECT s.name, s.shown AS hit
  FROM spans AS s
  CROSS JOIN UNNEST(@ports) AS wanted
  WHERE (s.protocol = 'all' OR s.protocol IN UNNEST(@protocols))
    AND wanted BETWEEN s.first_port AND s.last_port
),
opened AS (
  SELECT name, STRING_AGG(DISTINCT hit, ', ' ORDER BY hit) AS open
  FROM hits
  GROUP BY name
)
SELECT
  e.name AS asset_name,
  CASE WHEN e.unseen THEN 'unknown' WHEN o.open IS NOT NULL THEN 'fail' ELSE 'pass' END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN o.open IS NOT NULL THEN CONCAT('Open to the internet: ', o.open, '.')
    ELSE 'Opens none of the ports to the internet.'
  END AS reason,
  JSON_OBJECT('open', o.open) AS evidence
FROM examined AS e
LEFT JOIN opened AS o ON o.name = e.name
