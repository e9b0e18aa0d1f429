/*
id: firewall_egress_to_anywhere
title: No rule lets everything out
description: >
  An enabled egress rule that allows every protocol to any address fails. Without any rule everything may go
  out too: this finds the rules that say so.
severity: low
asset_types: [compute.googleapis.com/Firewall]
rationale: >
  Free egress is how data leaves and how a machine that was taken over calls home.
remediation:
  text: >
    Name destinations and ports, and deny the rest.
  gcloud: |
    gcloud compute firewall-rules update {display_name} --project={project_id} --destination-ranges=10.0.0.0/8
  terraform: |
    resource "google_compute_firewall" "{display_name}" {
      direction          = "EGRESS"
      destination_ranges = ["10.0.0.0/8"]
    }
defaults: >
  direction: INGRESS; destinationRanges: any address.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    UPPER(COALESCE(JSON_VALUE(resource, '$.data.direction'), 'INGRESS')) AS direction,
    COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') AS disabled,
    (
      SELECT COUNT(*)
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(
          JSON_QUERY(resource, '$.data.destinationRanges'), JSON_QUERY(resource, '$.data.destinationRange'), JSON '["0.0.0.0/0"]'
        ), '$'
      )) AS target
      WHERE JSON_VALUE(target) IN ('0.0.0.0/0', '::/0')
    ) AS anywhere,
    (
      SELECT COUNT(*)
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.allowed')) AS layer
      WHERE LOWER(COALESCE(JSON_VALUE(layer, '$.IPProtocol'), JSON_VALUE(layer, '$.ipProtocol'), 'all')) = 'all'
    ) AS every_protocol
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Firewall'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN direction = 'EGRESS' AND disabled <> 'true' AND anywhere > 0 AND every_protocol > 0 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN direction = 'EGRESS' AND disabled <> 'true' AND anywhere > 0 AND every_protocol > 0 THEN 'Lets every protocol out to any address.'
    ELSE 'Does not let everything out.'
  END AS reason,
  JSON_OBJECT('direction', direction, 'disabled', disabled) AS evidence
FROM examined
