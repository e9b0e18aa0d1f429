/*
id: logging_sink_for_all_entries
title: A sink exports every log entry
description: >
  A sink that is on, with neither filter nor exclusions, takes all entries of the project: one of its own,
  or one with includeChildren of a folder or the organisation above.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks:
  cis_gcp: {"3.0": "2.2", "4.0": "2.2", "5.0": "2.3"}
defaults: >
  filter absent: every entry. disabled, includeChildren absent: false.
rationale: >
  What is not exported is gone after the retention of the project, and goes with the project.
remediation:
  text: >
    Make one sink on the organisation, with includeChildren and without a filter.
  gcloud: |
    gcloud logging sinks create everything DESTINATION --organization=ORGANIZATION --include-children
  terraform: |
    resource "google_logging_organization_sink" "everything" {
      org_id           = "ORGANIZATION"
      name             = "everything"
      destination      = "DESTINATION"
      include_children = true
    }
grain: asset
*/
WITH whole AS (
  SELECT
    ancestors[SAFE_OFFSET(0)] AS owner,
    COALESCE(JSON_VALUE(resource, '$.data.includeChildren'), 'false') = 'true' AS for_children,
    CONCAT(JSON_VALUE(resource, '$.data.name'), ' of ', ancestors[SAFE_OFFSET(0)]) AS label
  FROM assets
  WHERE asset_type = 'logging.googleapis.com/LogSink'
    AND resource IS NOT NULL
    AND TRIM(COALESCE(JSON_VALUE(resource, '$.data.filter'), '')) = ''
    AND COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') != 'true'
    AND NOT EXISTS (
      SELECT 1
      FROM UNNEST(JSON_QUERY_ARRAY(resource, '$.data.exclusions')) AS exclusion
      WHERE COALESCE(JSON_VALUE(exclusion, '$.disabled'), 'false') != 'true'
    )
),
reached AS (
  SELECT a.name, MIN(w.label) AS label
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN whole AS w ON w.owner = ancestor
  WHERE (w.for_children OR w.owner = a.ancestors[SAFE_OFFSET(0)])
  GROUP BY a.name
),
looked AS (
  SELECT COUNT(*) AS sinks
  FROM assets
  WHERE asset_type = 'logging.googleapis.com/LogSink' AND resource IS NOT NULL
)
SELECT
  a.name AS asset_name,
  CASE WHEN r.name IS NOT NULL THEN 'pass' WHEN looked.sinks = 0 THEN 'unknown' ELSE 'fail' END AS status,
  CASE
    WHEN r.name IS NOT NULL THEN CONCAT('Every entry goes through ', COALESCE(r.label, 'a sink'), '.')
    WHEN looked.sinks = 0 THEN 'No sink was collected anywhere; every project has two from the start.'
    ELSE 'No sink without filter and exclusions reaches the project.'
  END AS reason,
  JSON_OBJECT('sink', r.label) AS evidence
FROM assets AS a
LEFT JOIN reached AS r ON r.name = a.name
CROSS JOIN looked
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
  AND COALESCE(a.state, 'ACTIVE') = 'ACTIVE'
