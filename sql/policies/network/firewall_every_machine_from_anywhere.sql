/*
id: firewall_every_machine_from_anywhere
title: No rule from the internet applies to every machine
description: >
  An enabled ingress rule from any address must name its targets by tag, service account or network;
  without, it applies to every machine.
severity: medium
asset_types:
  - compute.googleapis.com/Firewall
  - compute.googleapis.com/FirewallPolicy
  - compute.googleapis.com/NetworkFirewallPolicy
params:
  - {name: open_prefix, type: INT64, default: 3, description: "A source range with a prefix this short, 0 to 9, counts as the internet: /0 is all addresses, 2000::/3 all public IPv6"}
rationale: >
  A machine that is made tomorrow is open from its first second.
remediation:
  text: >
    Set target tags or target service accounts.
  gcloud: |
    gcloud compute firewall-rules update {display_name} --project={project_id} --target-tags=web
  terraform: |
    resource "google_compute_firewall" "{display_name}" {
      target_tags = ["web"]
    }
covers: >
  A rule that is denied by one of higher priority is counted all the same, and so is one whose targets match
  no machine.
defaults: >
  direction: INGRESS; disabled: false; sourceRanges: any address where no source is named; allowed.ports:
  every port; targetTags: every machine.
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
hits AS (
  SELECT name, CONCAT(entry, 'without a target') AS hit
  FROM from_anywhere
  WHERE JSON_QUERY(layers, '$[0]') IS NOT NULL
    AND COALESCE(
      JSON_QUERY(line, '$.targetTags[0]'), JSON_QUERY(line, '$.targetTag[0]'),
      JSON_QUERY(line, '$.targetServiceAccounts[0]'), JSON_QUERY(line, '$.targetServiceAccount[0]'),
      JSON_QUERY(line, '$.targetResources[0]'), JSON_QUERY(line, '$.targetSecureTags[0]')
    ) IS NULL
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
    WHEN o.open IS NOT NULL THEN CONCAT('Lets the internet reach every machine: ', o.open, '.')
    ELSE 'Does not let the internet reach every machine.'
  END AS reason,
  JSON_OBJECT('open', o.open) AS evidence
FROM examined AS e
LEFT JOIN opened AS o ON o.name = e.name
