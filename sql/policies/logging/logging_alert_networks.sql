/*
id: logging_alert_networks
title: Changes of networks raise an alert
description: >
  The project has a log metric that counts changes of networks, and an alert that is on and watches it; or
  an alert that matches the log itself.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks:
  cis_gcp: {"3.0": "2.9", "4.0": "2.9", "5.0": "2.10"}
defaults: >
  Metric: disabled absent: false. Alert: enabled absent: on. Nothing of the kind in the whole inventory:
  not known.
covers: >
  The filter is recognised by its parts, not run: it has to name each of the methods, or all of them by their
  beginning. Metrics and alerts kept in another project, for example
  over the logs of the whole organisation, are not counted: waive the projects they serve.
rationale: >
  Such changes are rare and open or close doors: somebody should hear of each.
remediation:
  text: >
    Make the metric, then an alert on it with a channel that somebody reads.
  gcloud: |
    gcloud logging metrics create {display_name}-changes --project={project_id} --description="Changes" --log-filter='FILTER'
  terraform: |
    resource "google_logging_metric" "changes" {
      project = "{project_id}"
      name    = "changes"
      filter  = <<-EOT
        resource.type="gce_network" AND (protoPayload.methodName:"compute.networks.insert" OR protoPayload.methodName:"compute.networks.patch" OR protoPayload.methodName:"compute.networks.delete" OR protoPayload.methodName:"compute.networks.removePeering" OR protoPayload.methodName:"compute.networks.addPeering")
      EOT
    }
grain: asset
*/
WITH metrics AS (
  SELECT project_id, metric
  FROM (
    SELECT
      project_id,
      JSON_VALUE(resource, '$.data.name') AS metric,
      LOWER(REPLACE(COALESCE(JSON_VALUE(resource, '$.data.filter'), ''), ' ', '')) AS filter
    FROM assets
    WHERE asset_type = 'logging.googleapis.com/LogMetric'
      AND COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') != 'true'
  ) AS m
  WHERE REGEXP_CONTAINS(filter, r'gce_network|compute\.networks')
    AND REGEXP_CONTAINS(filter, r'networks\.insert|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(filter, r'networks\.patch|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(filter, r'networks\.delete|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(filter, r'networks\.addpeering|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(filter, r'networks\.removepeering|compute\.networks\.?\\?"')
),
watching AS (
  SELECT project_id, TO_JSON_STRING(JSON_QUERY(resource, '$.data.conditions')) AS conditions
  FROM assets
  WHERE asset_type = 'monitoring.googleapis.com/AlertPolicy'
    AND COALESCE(JSON_VALUE(resource, '$.data.enabled'), 'true') = 'true'
),
watched AS (
  SELECT project_id, used
  FROM watching
  CROSS JOIN UNNEST(
    REGEXP_EXTRACT_ALL(conditions, r'logging\.googleapis\.com/user/([A-Za-z0-9_.,+!*()%/-]+)')
  ) AS used
),
per_project AS (
  SELECT
    m.project_id,
    MIN(m.metric) AS metric,
    LOGICAL_OR(w.used IS NOT NULL) AS has_alert
  FROM metrics AS m
  LEFT JOIN watched AS w ON w.project_id = m.project_id AND w.used = m.metric
  GROUP BY m.project_id
),
direct AS (
  SELECT DISTINCT project_id
  FROM (
    SELECT project_id, LOWER(REPLACE(conditions, ' ', '')) AS conditions
    FROM watching
    WHERE STRPOS(conditions, 'conditionMatchedLog') > 0
  ) AS d
  WHERE REGEXP_CONTAINS(conditions, r'gce_network|compute\.networks')
    AND REGEXP_CONTAINS(conditions, r'networks\.insert|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(conditions, r'networks\.patch|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(conditions, r'networks\.delete|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(conditions, r'networks\.addpeering|compute\.networks\.?\\?"')
    AND REGEXP_CONTAINS(conditions, r'networks\.removepeering|compute\.networks\.?\\?"')
),
looked AS (
  SELECT
    COUNTIF(asset_type = 'logging.googleapis.com/LogMetric') AS all_metrics,
    COUNTIF(asset_type = 'monitoring.googleapis.com/AlertPolicy') AS all_alerts
  FROM assets
  WHERE asset_type IN ('logging.googleapis.com/LogMetric', 'monitoring.googleapis.com/AlertPolicy') AND resource IS NOT NULL
),
judged AS (
  SELECT
    a.name,
    p.metric,
    COALESCE(p.has_alert, FALSE) OR d.project_id IS NOT NULL AS good,
    IF(p.metric IS NULL, looked.all_metrics, looked.all_alerts) = 0 AS unseen
  FROM assets AS a
  LEFT JOIN per_project AS p ON p.project_id = a.project_id
  LEFT JOIN direct AS d ON d.project_id = a.project_id
  CROSS JOIN looked
  WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project' AND COALESCE(a.state, 'ACTIVE') = 'ACTIVE'
)
SELECT
  name AS asset_name,
  CASE WHEN good THEN 'pass' WHEN unseen THEN 'unknown' ELSE 'fail' END AS status,
  CASE
    WHEN good THEN CONCAT('An alert watches ', COALESCE(CONCAT('the metric ', metric), 'the log itself'), '.')
    WHEN unseen AND metric IS NULL THEN 'No log metric was collected anywhere: there is none, or they are not read.'
    WHEN unseen THEN CONCAT('The metric ', metric, ' exists, but no alert policy was collected anywhere.')
    WHEN metric IS NULL THEN 'No metric counts changes of networks.'
    ELSE CONCAT('No alert that is on watches the metric ', metric, '.')
  END AS reason,
  JSON_OBJECT('metric', metric) AS evidence
FROM judged
