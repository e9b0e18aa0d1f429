/*
id: dnssec_on
title: DNSSEC is on for public zones
description: >
  The state of DNSSEC must be on; transfer is not on. Private zones are not examined.
severity: medium
asset_types: [dns.googleapis.com/ManagedZone]
frameworks: {cis_gcp: {"3.0": "3.3", "4.0": "3.3", "5.0": "3.3"}}
rationale: >
  Without signatures an answer on the way can be exchanged for another, and users are sent elsewhere.
remediation:
  text: >
    Switch DNSSEC on, then enter the DS record with the registrar.
  gcloud: |
    gcloud dns managed-zones update {display_name} --project={project_id} --dnssec-state=on
  terraform: |
    resource "google_dns_managed_zone" "{display_name}" {
      dnssec_config {
        state = "on"
      }
    }
covers: >
  Whether the registrar has the DS record is not seen.
defaults: >
  dnssecConfig.state: off; visibility: public.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    UPPER(COALESCE(JSON_VALUE(resource, '$.data.dnssecConfig.state'), 'OFF')) AS state
  FROM assets
  WHERE asset_type = 'dns.googleapis.com/ManagedZone'
    AND UPPER(COALESCE(JSON_VALUE(resource, '$.data.visibility'), 'PUBLIC')) <> 'PRIVATE'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN state = 'ON' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN state = 'ON' THEN 'DNSSEC is on.'
    ELSE CONCAT('DNSSEC is ', LOWER(state), '.')
  END AS reason,
  JSON_OBJECT('state', state) AS evidence
FROM examined
