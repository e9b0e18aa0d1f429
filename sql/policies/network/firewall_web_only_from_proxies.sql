/*
id: firewall_web_only_from_proxies
title: Only load balancers and IAP reach web ports
description: >
  An enabled ingress rule for a web port may have as sources only the ranges of Google's load balancers and
  of Identity-Aware Proxy, and private ranges.
severity: medium
asset_types:
  - compute.googleapis.com/Firewall
  - compute.googleapis.com/FirewallPolicy
  - compute.googleapis.com/NetworkFirewallPolicy
frameworks: {cis_gcp: {"3.0": "3.10", "4.0": "3.10", "5.0": "3.12"}}
params:
  - {name: ports, type: "ARRAY<INT64>", default: [80, 443], description: Ports of web back ends}
  - {name: allowed_ranges, type: "ARRAY<STRING>", default: ["35.191.0.0/16", "130.211.0.0/22", "35.235.240.0/20", "2600:2d00:1:b029::/64", "2600:2d00:1:1::/64"], description: Source ranges of proxies}
  - {name: allow_private, type: BOOL, default: true, description: Private ranges are fine too}
rationale: >
  Whoever reaches a back end past the load balancer is not asked to sign in and passes no web firewall.
remediation:
  text: >
    Set the sources to the ranges of the proxies.
  gcloud: |
    gcloud compute firewall-rules update {display_name} --project={project_id} --source-ranges=35.191.0.0/16,130.211.0.0/22
  terraform: |
    resource "google_compute_firewall" "{display_name}" {
      source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
    }
covers: >
  Which machines are back ends of IAP is not known: every rule for a web port is judged. Whether IAP is
  switched on is not.
defaults: >
  direction: INGRESS; disabled: false; sourceRanges: any address where no source is named; allowed.ports:
  every port.
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
outside AS (
  SELECT
    name,
    entry,
    line,
    COALESCE(JSON_QUERY(line, '$.allowed'), JSON_QUERY(line, '$.match.layer4Configs')) AS layers
  FROM ingress
  WHERE EXISTS (
      SELECT 1
      FROM UNNEST(JSON_QUERY_ARRAY(ranges, '$')) AS source
      WHERE JSON_VALUE(source) NOT IN UNNEST(@allowed_ranges)
        AND NOT (@allow_private AND REGEXP_CONTAINS(LOWER(JSON_VALUE(source)), r'^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|f[cd][0-9a-f]{2}:)'))
    )
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
  FROM outside
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
  WHERE s.protocol IN ('all', 'tcp') AND wanted BETWEEN s.first_port AND s.last_port
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
    WHEN o.open IS NOT NULL THEN CONCAT('Reachable past the proxies: ', o.open, '.')
    ELSE 'Lets nothing but proxies and private ranges reach web ports.'
  END AS reason,
  JSON_OBJECT('open', o.open) AS evidence
FROM examined AS e
LEFT JOIN opened AS o ON o.name = e.name
