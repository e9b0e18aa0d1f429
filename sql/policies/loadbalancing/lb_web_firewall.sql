/*
id: lb_web_firewall
title: External load balancer has a security policy
description: >
  Every external back-end service for HTTP must have a Cloud Armor policy.
severity: low
asset_types: [compute.googleapis.com/BackendService, compute.googleapis.com/RegionBackendService]
rationale: >
  A web firewall stops known attacks and floods before they reach the application.
remediation:
  text: >
    Make a Cloud Armor policy and set it.
  gcloud: |
    gcloud compute backend-services update {display_name} --global --project={project_id} --security-policy=POLICY
  terraform: |
    resource "google_compute_backend_service" "{display_name}" {
      security_policy = google_compute_security_policy.web.id
    }
defaults: >
  loadBalancingScheme: EXTERNAL; securityPolicy: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.loadBalancingScheme'), 'EXTERNAL') AS scheme,
    JSON_VALUE(resource, '$.data.securityPolicy') AS policy,
    JSON_VALUE(resource, '$.data.edgeSecurityPolicy') AS edge_policy
  FROM assets
  WHERE asset_type IN (
    'compute.googleapis.com/BackendService',
    'compute.googleapis.com/RegionBackendService'
  )
    AND (resource IS NULL OR UPPER(COALESCE(JSON_VALUE(resource, '$.data.protocol'), 'HTTP')) IN ('HTTP', 'HTTPS', 'HTTP2', 'H2C', 'GRPC'))
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN scheme NOT IN ('EXTERNAL', 'EXTERNAL_MANAGED') THEN 'pass'
    WHEN policy IS NOT NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN scheme NOT IN ('EXTERNAL', 'EXTERNAL_MANAGED') THEN CONCAT('Not external (', scheme, ').')
    WHEN policy IS NOT NULL THEN CONCAT('Has the security policy ', REGEXP_EXTRACT(policy, r'[^/]+$'), '.')
    ELSE 'External, and without a security policy.'
  END AS reason,
  JSON_OBJECT('loadBalancingScheme', scheme, 'securityPolicy', policy, 'edgeSecurityPolicy', edge_policy) AS evidence
FROM examined
