/*
id: run_service_ingress
title: Cloud Run services do not take traffic from everywhere
description: >
  Ingress is internal, or internal and load balancing, in the service as version 1 or 2 of the API gives
  it.
severity: medium
asset_types: [run.googleapis.com/Service]
defaults: >
  Annotation and field absent: all.
rationale: >
  An address on the internet can be flooded and probed, whoever may call it.
remediation:
  text: >
    Limit the ingress, and put a load balancer with Cloud Armor before it where it must be public.
  gcloud: |
    gcloud run services update {display_name} --project={project_id} --region={location} --ingress=internal-and-cloud-load-balancing
  terraform: |
    resource "google_cloud_run_v2_service" "{display_name}" {
      ingress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    LOWER(
      REPLACE(
        COALESCE(
          JSON_VALUE(resource, '$.data.metadata.annotations."run.googleapis.com/ingress"'),
          JSON_VALUE(resource, '$.data.ingress'),
          'all'
        ),
        '_', '-'
      )
    ) AS ingress
  FROM assets
  WHERE asset_type = 'run.googleapis.com/Service'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN STRPOS(ingress, 'internal') > 0 OR ingress = 'ingress-traffic-none' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN STRPOS(ingress, 'internal') > 0 OR ingress = 'ingress-traffic-none' THEN CONCAT('Ingress is ', ingress, '.')
    ELSE CONCAT('Ingress is ', ingress, '; expected internal, or internal and load balancing.')
  END AS reason,
  TO_JSON(STRUCT(ingress)) AS evidence
FROM found
