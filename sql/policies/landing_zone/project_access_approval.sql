/*
id: project_access_approval
title: Access Approval is on
description: >
  Google staff must ask before they look into the project: Access Approval is set on the project, or on a
  folder or the organisation above.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks: {cis_gcp: {"3.0": "2.15", "4.0": "2.15", "5.0": "2.16"}}
rationale: >
  Then somebody here decides, each time, whether support may see the data.
remediation:
  text: >
    Enrol the organisation, with a group that answers requests. Access Transparency must be on first.
  gcloud: |
    gcloud access-approval settings update --project={project_id} --enrolled_services=all --notification_emails=GROUP
  terraform: |
    resource "google_project_access_approval_settings" "all" {
      project_id = "{project_id}"
      enrolled_services {
        cloud_product = "all"
      }
    }
covers: >
  Whether the addresses that are notified are read by anybody.
defaults: >
  enrolledServices: none.
grain: asset
*/
WITH settings AS (
  SELECT
    REGEXP_EXTRACT(name, r'((?:projects|folders|organizations)/[^/]+)/accessApprovalSettings') AS node,
    COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(resource, '$.data.enrolledServices')), 0) AS services,
    JSON_VALUE(resource, '$.data.enrolledAncestor') AS enrolled_above
  FROM assets
  WHERE asset_type = 'accessapproval.googleapis.com/AccessApprovalSettings' AND resource IS NOT NULL
),
nodes AS (
  SELECT a.name, ancestor
  FROM assets AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
  UNION DISTINCT
  SELECT name, CONCAT('projects/', project_id)
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project' AND project_id IS NOT NULL
),
found AS (
  SELECT
    n.name,
    COUNT(*) AS known,
    STRING_AGG(IF(s.services > 0, s.node, NULL), ', ' ORDER BY s.node) AS enrolled,
    MAX(IF(s.enrolled_above = 'true', 1, 0)) AS enrolled_above
  FROM nodes AS n
  JOIN settings AS s ON s.node = n.ancestor
  GROUP BY n.name
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN f.known IS NULL THEN 'unknown'
    WHEN f.enrolled IS NOT NULL OR f.enrolled_above = 1 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN f.known IS NULL THEN 'No settings of Access Approval were collected for it or above it.'
    WHEN f.enrolled IS NOT NULL THEN CONCAT('Set on ', f.enrolled, '.')
    WHEN f.enrolled_above = 1 THEN 'Set on a folder or the organisation above.'
    ELSE 'Access Approval enrols no service.'
  END AS reason,
  JSON_OBJECT('enrolled', f.enrolled) AS evidence
FROM assets AS a
LEFT JOIN found AS f ON f.name = a.name
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
