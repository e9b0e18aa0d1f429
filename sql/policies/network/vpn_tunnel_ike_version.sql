/*
id: vpn_tunnel_ike_version
title: VPN tunnel uses IKEv2
description: >
  The version of IKE must be 2 at least.
severity: medium
asset_types: [compute.googleapis.com/VpnTunnel]
rationale: >
  Version 1 has known weaknesses and is no longer maintained.
remediation:
  text: >
    Make the tunnel anew with version 2 at both ends.
  gcloud: |
    gcloud compute vpn-tunnels create NEW-TUNNEL --region={location} --project={project_id} --ike-version=2
  terraform: |
    resource "google_compute_vpn_tunnel" "{display_name}" {
      ike_version = 2
    }
defaults: >
  ikeVersion: 2.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(SAFE_CAST(JSON_VALUE(resource, '$.data.ikeVersion') AS INT64), 2) AS ike
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/VpnTunnel'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN ike < 2 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN ike < 2 THEN CONCAT('Uses IKE version ', CAST(ike AS STRING), '.')
    ELSE CONCAT('Uses IKE version ', CAST(ike AS STRING), '.')
  END AS reason,
  JSON_OBJECT('ikeVersion', ike) AS evidence
FROM examined
