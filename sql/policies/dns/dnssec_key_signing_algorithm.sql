/*
id: dnssec_key_signing_algorithm
title: Key-signing key of DNSSEC is not weak
description: >
  No key-signing key of a public zone may use one of the weak algorithms. Zones without key settings have
  RSASHA256.
severity: medium
asset_types: [dns.googleapis.com/ManagedZone]
frameworks: {cis_gcp: {"3.0": "3.4", "4.0": "3.4", "5.0": "3.4"}}
params:
  - {name: weak_algorithms, type: "ARRAY<STRING>", default: [RSASHA1], description: "Algorithms that are too weak, in capitals"}
rationale: >
  Signatures with SHA-1 can be forged.
remediation:
  text: >
    Switch DNSSEC off, set the algorithm, and switch it on again; give the registrar the new DS record.
  gcloud: |
    gcloud dns managed-zones update {display_name} --project={project_id} --dnssec-state=off
    gcloud dns managed-zones update {display_name} --project={project_id} --dnssec-state=on \
      --ksk-algorithm=rsasha256
  terraform: |
    resource "google_dns_managed_zone" "{display_name}" {
      dnssec_config {
        default_key_specs {
          algorithm = "rsasha256"
          key_type  = "keySigning"
        }
      }
    }
defaults: >
  dnssecConfig.defaultKeySpecs: RSASHA256.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT STRING_AGG(JSON_VALUE(spec, '$.algorithm'), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.dnssecConfig.defaultKeySpecs')) AS spec
      WHERE REPLACE(UPPER(COALESCE(JSON_VALUE(spec, '$.keyType'), '')), '_', '') = 'KEYSIGNING'
        AND UPPER(JSON_VALUE(spec, '$.algorithm')) IN UNNEST(@weak_algorithms)
    ) AS weak
  FROM assets
  WHERE asset_type = 'dns.googleapis.com/ManagedZone'
    AND UPPER(COALESCE(JSON_VALUE(resource, '$.data.visibility'), 'PUBLIC')) <> 'PRIVATE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN weak IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN weak IS NOT NULL THEN CONCAT('The key-signing key uses ', weak, '.')
    ELSE 'The key-signing key uses no weak algorithm.'
  END AS reason,
  JSON_OBJECT('weak', weak) AS evidence
FROM examined
