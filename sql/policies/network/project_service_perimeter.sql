/*
id: project_service_perimeter
title: Project is inside a service perimeter
description: >
  Every project must be in a perimeter of VPC Service Controls that restricts at least one service. A dry
  run does not count.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks: {cis_gcp: {"5.0": "3.8"}}
rationale: >
  Inside a perimeter, stolen credentials alone do not get the data out.
remediation:
  text: >
    Plan the perimeter as a dry run, then add the project.
  gcloud: |
    gcloud access-context-manager perimeters update PERIMETER --add-resources=projects/PROJECT_NUMBER
  terraform: |
    resource "google_access_context_manager_service_perimeter_resource" "project" {
      perimeter_name = google_access_context_manager_service_perimeter.main.name
      resource       = "projects/PROJECT_NUMBER"
    }
covers: >
  Whether the restricted services are those the project uses, and what ingress and egress rules let through.
defaults: >
  status.restrictedServices: none.
grain: asset
*/
WITH perimeters AS (
  SELECT
    REGEXP_EXTRACT(name, r'[^/]+$') AS perimeter,
    COALESCE(
      JSON_QUERY(access_policy, '$.status'), JSON_QUERY(access_policy, '$.servicePerimeter.status'),
      JSON_QUERY(resource, '$.data.status')
    ) AS status
  FROM assets
  WHERE asset_type = 'accesscontextmanager.googleapis.com/ServicePerimeter'
),
members AS (
  SELECT
    JSON_VALUE(member) AS project,
    STRING_AGG(p.perimeter, ', ' ORDER BY p.perimeter) AS perimeters,
    MAX(GREATEST(
      COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(p.status, '$.restrictedServices')), 0),
      COALESCE(ARRAY_LENGTH(JSON_QUERY_ARRAY(p.status, '$.restricted_services')), 0)
    )) AS services
  FROM perimeters AS p
  CROSS JOIN UNNEST(JSON_QUERY_ARRAY(p.status, '$.resources')) AS member
  GROUP BY project
),
examined AS (
  SELECT
    name,
    CONCAT('projects/', COALESCE(project_number, JSON_VALUE(resource, '$.data.projectNumber'))) AS project,
    (SELECT COUNT(*) FROM perimeters) AS known
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
)
SELECT
  e.name AS asset_name,
  CASE
    WHEN e.known = 0 OR e.project IS NULL THEN 'unknown'
    WHEN m.services > 0 THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN e.known = 0 THEN 'No service perimeter was collected.'
    WHEN e.project IS NULL THEN 'The number of the project is not known.'
    WHEN m.services > 0 THEN CONCAT('Inside ', m.perimeters, ', which restricts ', CAST(m.services AS STRING), ' services.')
    WHEN m.project IS NOT NULL THEN CONCAT('Inside ', m.perimeters, ', which restricts no service.')
    ELSE 'Inside no service perimeter.'
  END AS reason,
  JSON_OBJECT('perimeters', m.perimeters, 'restrictedServices', m.services) AS evidence
FROM examined AS e
LEFT JOIN members AS m ON m.project = e.project
