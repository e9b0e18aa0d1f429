/*
id: function_ingress
title: Functions do not take traffic from everywhere
description: >
  Ingress is internal only, or internal and load balancing.
severity: medium
asset_types: [cloudfunctions.googleapis.com/CloudFunction, cloudfunctions.googleapis.com/Function]
defaults: >
  ingressSettings absent or unspecified: ALLOW_ALL.
rationale: >
  An address on the internet can be flooded and probed, whoever may call it.
remediation:
  text: >
    Limit the ingress, and put a load balancer with Cloud Armor before it where it must be public.
  gcloud: |
    gcloud functions deploy {display_name} --project={project_id} --region={location} --ingress-settings=internal-and-gclb
  terraform: |
    resource "google_cloudfunctions2_function" "{display_name}" {
      service_config {
        ingress_settings = "ALLOW_INTERNAL_AND_GCLB"
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.serviceConfig.ingressSettings'), JSON_VALUE(resource, '$.data.ingressSettings'), 'ALLOW_ALL') AS ingress,
    JSON_QUERY(resource, '$.data.eventTrigger') IS NOT NULL AS by_event
  FROM assets
  WHERE asset_type IN ('cloudfunctions.googleapis.com/CloudFunction', 'cloudfunctions.googleapis.com/Function')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN ingress IN ('ALLOW_INTERNAL_ONLY', 'ALLOW_INTERNAL_AND_GCLB') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN ingress IN ('ALLOW_INTERNAL_ONLY', 'ALLOW_INTERNAL_AND_GCLB') THEN CONCAT('Ingress is ', ingress, '.')
    ELSE CONCAT('Ingress is ', ingress, '; expected internal, or internal and load balancing.')
  END AS reason,
  TO_JSON(STRUCT(ingress, by_event)) AS evidence
FROM found
