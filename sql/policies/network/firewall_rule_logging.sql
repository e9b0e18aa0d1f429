/*
id: firewall_rule_logging
title: Firewall rule logs what it matches
description: >
  Logging must be on for every enabled firewall rule.
severity: low
asset_types: [compute.googleapis.com/Firewall]
rationale: >
  Without the log nobody can say afterwards who came through.
remediation:
  text: >
    Switch logging on.
  gcloud: |
    gcloud compute firewall-rules update {display_name} --project={project_id} --enable-logging
  terraform: |
    resource "google_compute_firewall" "{display_name}" {
      log_config {
        metadata = "INCLUDE_ALL_METADATA"
      }
    }
defaults: >
  logConfig.enable: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.logConfig.enable'), JSON_VALUE(resource, '$.data.enableLogging'), 'false') AS logs,
    COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') AS disabled
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Firewall'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN disabled = 'true' THEN 'pass'
    WHEN logs = 'true' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN disabled = 'true' THEN 'The rule is disabled.'
    WHEN logs = 'true' THEN 'Logging is on.'
    ELSE 'Logging is off.'
  END AS reason,
  JSON_OBJECT('logging', logs, 'disabled', disabled) AS evidence
FROM examined
