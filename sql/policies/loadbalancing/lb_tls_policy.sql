/*
id: lb_tls_policy
title: Load balancer refuses weak TLS
description: >
  A proxy for HTTPS or SSL must have an SSL policy that asks for TLS 1.2 and allows no weak cipher. Without
  a policy the default one allows TLS 1.0.
severity: medium
asset_types:
  - compute.googleapis.com/TargetHttpsProxy
  - compute.googleapis.com/RegionTargetHttpsProxy
  - compute.googleapis.com/TargetSslProxy
frameworks: {cis_gcp: {"3.0": "3.9", "4.0": "3.9", "5.0": "3.11"}}
params:
  - {name: weak_ciphers, type: "ARRAY<STRING>", default: [TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_256_GCM_SHA384, TLS_RSA_WITH_AES_128_CBC_SHA, TLS_RSA_WITH_AES_256_CBC_SHA, TLS_RSA_WITH_3DES_EDE_CBC_SHA], description: Ciphers a custom policy may not allow}
rationale: >
  Old versions and ciphers let somebody on the way read or change what is sent.
remediation:
  text: >
    Make an SSL policy with the profile MODERN and TLS 1.2, and give it to the proxy.
  gcloud: |
    gcloud compute ssl-policies create strong --project={project_id} --profile=MODERN --min-tls-version=1.2
    gcloud compute target-https-proxies update {display_name} --project={project_id} --ssl-policy=strong
  terraform: |
    resource "google_compute_ssl_policy" "strong" {
      name            = "strong"
      profile         = "MODERN"
      min_tls_version = "TLS_1_2"
    }
defaults: >
  sslPolicy: COMPATIBLE with TLS 1.0; profile: COMPATIBLE; minTlsVersion: TLS_1_0.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.sslPolicy'), r'projects/.+$') AS path
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/TargetHttpsProxy', 'compute.googleapis.com/RegionTargetHttpsProxy', 'compute.googleapis.com/TargetSslProxy')
),
ssl_policies AS (
  SELECT
    REGEXP_EXTRACT(name, r'projects/.+$') AS path,
    COALESCE(JSON_VALUE(resource, '$.data.profile'), 'COMPATIBLE') AS profile,
    COALESCE(JSON_VALUE(resource, '$.data.minTlsVersion'), 'TLS_1_0') AS min_tls,
    (
      SELECT STRING_AGG(JSON_VALUE(feature), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.enabledFeatures'), JSON_QUERY(resource, '$.data.customFeatures')), '$'
      )) AS feature
      WHERE JSON_VALUE(feature) IN UNNEST(@weak_ciphers)
    ) AS weak
  FROM assets
  WHERE asset_type IN ('compute.googleapis.com/SslPolicy', 'compute.googleapis.com/RegionSslPolicy')
    AND resource IS NOT NULL
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN e.path IS NULL THEN 'fail'
    WHEN o.path IS NULL THEN 'unknown'
    WHEN o.profile = 'RESTRICTED' THEN 'pass'
    WHEN o.profile = 'COMPATIBLE' THEN 'fail'
    WHEN o.min_tls NOT IN ('TLS_1_2', 'TLS_1_3') THEN 'fail'
    WHEN o.profile = 'CUSTOM' AND o.weak IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN e.path IS NULL THEN 'Has no SSL policy: the default one allows TLS 1.0 and weak ciphers.'
    WHEN o.path IS NULL THEN CONCAT('The SSL policy ', e.path, ' was not collected.')
    WHEN o.profile = 'RESTRICTED' THEN 'The profile RESTRICTED asks for TLS 1.2.'
    WHEN o.profile = 'COMPATIBLE' THEN CONCAT('The profile COMPATIBLE allows weak ciphers (at least ', o.min_tls, ').')
    WHEN o.min_tls NOT IN ('TLS_1_2', 'TLS_1_3') THEN CONCAT('Allows ', o.min_tls, ' with the profile ', o.profile, '.')
    WHEN o.profile = 'CUSTOM' AND o.weak IS NOT NULL THEN CONCAT('Allows weak ciphers: ', o.weak, '.')
    ELSE CONCAT('The profile ', o.profile, ' with at least ', o.min_tls, '.')
  END AS reason,
  JSON_OBJECT('sslPolicy', e.path, 'profile', o.profile, 'minTlsVersion', o.min_tls, 'weakCiphers', o.weak) AS evidence
FROM examined AS e
LEFT JOIN ssl_policies AS o ON o.path = e.path
