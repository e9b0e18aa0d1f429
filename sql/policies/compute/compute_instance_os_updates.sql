/*
id: compute_instance_os_updates
title: VM has the updates of its operating system
description: >
  The inventory of a running VM must list no package that can be updated, and its vulnerability report nothing for
  which an update is there.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.12", "4.0": "4.12", "5.0": "4.12"}}
rationale: >
  Flaws whose fix is public are the ones that are used.
remediation:
  text: >
    Switch VM Manager on and patch by schedule.
  gcloud: |
    gcloud compute os-config patch-jobs execute --project={project_id} --instance-filter-names=zones/{location}/instances/{display_name}
  terraform: |
    resource "google_os_config_patch_deployment" "weekly" {
      patch_deployment_id = "weekly"
      instance_filter {
        all = true
      }
    }
covers: >
  Only what VM Manager reports: machines without its agent are unknown. Without the content type OS_INVENTORY, updates that
  fix no known vulnerability are not seen.
defaults: >
  vulnerabilities: none. An inventory without a single item was not reported yet: unknown.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.id') AS id,
    JSON_VALUE(resource, '$.data.status') AS state,
    JSON_QUERY(os_inventory, '$.items[0]') IS NOT NULL AS inventoried
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
),
found AS (
  SELECT
    REGEXP_EXTRACT(name, r'/instances/([^/]+)/') AS id,
    resource,
    JSON_QUERY_ARRAY(resource, '$.data.vulnerabilities') AS vulnerabilities
  FROM assets
  WHERE asset_type = 'osconfig.googleapis.com/VulnerabilityReport' AND resource IS NOT NULL
),
open_ones AS (
  SELECT f.id, COUNT(*) AS upgradable
  FROM found AS f
  CROSS JOIN UNNEST(f.vulnerabilities) AS vulnerability
  WHERE JSON_QUERY(vulnerability, '$.items[0].availableInventoryItemId') IS NOT NULL
    OR JSON_QUERY(vulnerability, '$.availableInventoryItemIds[0]') IS NOT NULL
  GROUP BY f.id
),
waiting AS (
  SELECT a.name, COUNT(*) AS packages
  FROM assets AS a
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(a.os_inventory, '$.items')) AS item
  WHERE a.asset_type = 'compute.googleapis.com/Instance'
    AND a.os_inventory IS NOT NULL
    AND JSON_QUERY(item, '$.availablePackage') IS NOT NULL
  GROUP BY a.name
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.unseen THEN 'unknown'
    WHEN e.state IN ('TERMINATED', 'STOPPED', 'SUSPENDED') THEN 'pass'
    WHEN w.packages > 0 OR o.upgradable > 0 THEN 'fail'
    WHEN e.inventoried OR f.id IS NOT NULL THEN 'pass'
    ELSE 'unknown'
  END AS status,
  CASE
    WHEN e.unseen THEN 'Its configuration was not collected.'
    WHEN e.state IN ('TERMINATED', 'STOPPED', 'SUSPENDED') THEN CONCAT('Not running (', e.state, ').')
    WHEN w.packages > 0 THEN CONCAT(CAST(w.packages AS STRING), ' packages can be updated.')
    WHEN o.upgradable > 0 THEN CONCAT(CAST(o.upgradable AS STRING), ' known vulnerabilities for which an update is there.')
    WHEN e.inventoried THEN 'Its inventory lists no package that can be updated.'
    WHEN f.id IS NOT NULL THEN 'No known vulnerability for which an update is there.'
    ELSE 'It has neither an OS inventory nor a vulnerability report: VM Manager is off, or they were not collected.'
  END AS reason,
  JSON_OBJECT('packages', w.packages, 'upgradable', o.upgradable) AS evidence
FROM examined AS e
LEFT JOIN waiting AS w ON w.name = e.name
LEFT JOIN found AS f ON f.id = e.id
LEFT JOIN open_ones AS o ON o.id = e.id
