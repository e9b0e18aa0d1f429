/*
id: subnet_flow_log_detail
title: Flow logs are detailed enough
description: >
  Where flow logs are on, at least min_sampling of the flows must be kept, added up over at most
  max_seconds, with all metadata.
severity: low
asset_types: [compute.googleapis.com/Subnetwork]
params:
  - {name: min_sampling, type: FLOAT64, default: 0.5, description: "Share of flows that must be kept, 0 to 1"}
  - {name: max_seconds, type: INT64, default: 60, description: Longest time over which flows are added up}
rationale: >
  A sample of a tenth misses the short connection that mattered.
remediation:
  text: >
    Set sampling, interval and metadata.
  gcloud: |
    gcloud compute networks subnets update {display_name} --region={location} --project={project_id} --enable-flow-logs \
      --logging-flow-sampling=1.0 --logging-aggregation-interval=interval-5-sec --logging-metadata=include-all
  terraform: |
    resource "google_compute_subnetwork" "{display_name}" {
      log_config {
        aggregation_interval = "INTERVAL_5_SEC"
        flow_sampling        = 1.0
        metadata             = "INCLUDE_ALL_METADATA"
      }
    }
defaults: >
  logConfig.flowSampling: 0.5; logConfig.aggregationInterval: INTERVAL_5_SEC; logConfig.metadata:
  EXCLUDE_ALL_METADATA.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.enable'), JSON_VALUE(resource, '$.data.enableFlowLogs'), 'false') AS logs,
    COALESCE(SAFE_CAST(JSON_VALUE(resource, '$.data.logConfig.flowSampling') AS FLOAT64), 0.5) AS sampling,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.aggregationInterval'), 'INTERVAL_5_SEC') AS added_up,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.metadata'), 'EXCLUDE_ALL_METADATA') AS metadata
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Subnetwork'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN logs <> 'true' THEN 'pass'
    WHEN sampling < @min_sampling THEN 'fail'
    WHEN CASE added_up WHEN 'INTERVAL_5_SEC' THEN 5 WHEN 'INTERVAL_30_SEC' THEN 30 WHEN 'INTERVAL_1_MIN' THEN 60 WHEN 'INTERVAL_5_MIN' THEN 300 WHEN 'INTERVAL_10_MIN' THEN 600 ELSE 900 END > @max_seconds THEN 'fail'
    WHEN metadata <> 'INCLUDE_ALL_METADATA' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN logs <> 'true' THEN 'Flow logs are off: subnet_flow_logs judges that.'
    WHEN sampling < @min_sampling THEN CONCAT('Keeps ', CAST(CAST(ROUND(sampling * 100) AS INT64) AS STRING), ' % of the flows.')
    WHEN CASE added_up WHEN 'INTERVAL_5_SEC' THEN 5 WHEN 'INTERVAL_30_SEC' THEN 30 WHEN 'INTERVAL_1_MIN' THEN 60 WHEN 'INTERVAL_5_MIN' THEN 300 WHEN 'INTERVAL_10_MIN' THEN 600 ELSE 900 END > @max_seconds THEN CONCAT('Adds flows up over ', added_up, '.')
    WHEN metadata <> 'INCLUDE_ALL_METADATA' THEN CONCAT('Metadata is ', metadata, '.')
    ELSE 'Flow logs are detailed.'
  END AS reason,
  JSON_OBJECT('flowSampling', sampling, 'aggregationInterval', added_up, 'metadata', metadata) AS evidence
FROM examined
