/*
id: api_key_application_restrictions
title: API key is limited to hosts and apps
description: >
  The key must be limited to referrers, addresses or apps, and none of these may stand for everybody.
  Deleted keys are not examined.
severity: medium
asset_types: [apikeys.googleapis.com/Key]
frameworks: {cis_gcp: {"3.0": "1.13", "4.0": "1.13", "5.0": "1.14"}}
rationale: >
  A key that leaks works for whoever finds it, from anywhere.
remediation:
  text: >
    Set the hosts, addresses or apps that use it.
  gcloud: |
    gcloud services api-keys update {name} --allowed-referrers=https://www.example.com/*
  terraform: |
    resource "google_apikeys_key" "{display_name}" {
      restrictions {
        browser_key_restrictions {
          allowed_referrers = ["https://www.example.com/*"]
        }
      }
    }
defaults: >
  restrictions: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT COUNT(*)
      FROM UNNEST([
        JSON_QUERY(resource, '$.data.restrictions.browserKeyRestrictions.allowedReferrers[0]'),
        JSON_QUERY(resource, '$.data.restrictions.serverKeyRestrictions.allowedIps[0]'),
        JSON_QUERY(resource, '$.data.restrictions.androidKeyRestrictions.allowedApplications[0]'),
        JSON_QUERY(resource, '$.data.restrictions.iosKeyRestrictions.allowedBundleIds[0]')
      ]) AS first
      WHERE first IS NOT NULL
    ) AS restrictions,
    (
      SELECT STRING_AGG(JSON_VALUE(referrer), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.restrictions.browserKeyRestrictions.allowedReferrers')) AS referrer
      WHERE REGEXP_CONTAINS(JSON_VALUE(referrer), r'^(https?://)?\*(\.[A-Za-z]+)?(/\*?)?$')
    ) AS wide_referrers,
    (
      SELECT STRING_AGG(JSON_VALUE(address), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.restrictions.serverKeyRestrictions.allowedIps')) AS address
      WHERE REGEXP_CONTAINS(JSON_VALUE(address), r'(^0\.0\.0\.0$|^::0?$|/0$)')
    ) AS wide_addresses
  FROM assets
  WHERE asset_type = 'apikeys.googleapis.com/Key'
    AND JSON_VALUE(resource, '$.data.deleteTime') IS NULL
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN restrictions = 0 THEN 'fail'
    WHEN wide_referrers IS NOT NULL OR wide_addresses IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN restrictions = 0 THEN 'Limited to no host, address or app.'
    WHEN wide_referrers IS NOT NULL OR wide_addresses IS NOT NULL THEN CONCAT('A limit that lets everybody in: ', ARRAY_TO_STRING([wide_referrers, wide_addresses], ', '), '.')
    ELSE 'Limited to named hosts, addresses or apps.'
  END AS reason,
  JSON_OBJECT('restrictions', restrictions, 'wideReferrers', wide_referrers, 'wideAddresses', wide_addresses) AS evidence
FROM examined
