/*
id: gke_logging
title: Cluster logs to Cloud Logging
description: >
  Logging of the system must go to Google Cloud: loggingService is not none, and where components are
  listed, SYSTEM_COMPONENTS is among them.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Without it nobody sees what the control plane and the nodes do, before or after an incident.
remediation:
  text: >
    Switch logging of the system on.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --logging=SYSTEM,WORKLOAD
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      logging_config {
        enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS"]
      }
    }
defaults: >
  loggingService: logging.googleapis.com/kubernetes (empty is the default of the version).
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.loggingService') AS service,
    JSON_QUERY(resource, '$.data.loggingConfig.componentConfig') AS config,
    (
      SELECT STRING_AGG(JSON_VALUE(component), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.loggingConfig.componentConfig.enableComponents')) AS component
    ) AS components
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN service = 'none' THEN 'fail'
    WHEN config IS NOT NULL AND STRPOS(COALESCE(components, ''), 'SYSTEM_COMPONENTS') = 0 THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN service = 'none' THEN 'Logging is off.'
    WHEN config IS NOT NULL AND STRPOS(COALESCE(components, ''), 'SYSTEM_COMPONENTS') = 0 THEN CONCAT('The components of the system are left out; listed: ', COALESCE(components, 'none'), '.')
    ELSE CONCAT('On (', COALESCE(NULLIF(service, ''), 'the default service'), ').')
  END AS reason,
  JSON_OBJECT('service', service, 'components', components) AS evidence
FROM examined
