/*
id: run_service_public
title: Cloud Run services are not open to everyone
description: >
  No binding of a service, nor one for its service that it inherits from its project, folders or
  organisation, names allUsers or allAuthenticatedUsers, and the check of who calls is not
  switched off.
severity: high
asset_types: [run.googleapis.com/Service]
defaults: >
  invokerIamDisabled absent: calls are checked.
  A policy without bindings opens nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  Custom roles on the project, its folders or the organisation are not opened up: the rule on projects
  open to everyone finds those bindings.
rationale: >
  Anyone can call it, at your cost and with the rights of its service account. Waive the services that are
  meant to be public.
remediation:
  text: >
    Remove the bindings of allUsers and allAuthenticatedUsers; grant the role to the groups and service
    accounts that need it.
  gcloud: |
    gcloud run services remove-iam-policy-binding {display_name} --region={location} --project={project_id} --member=allUsers --role=roles/run.invoker
  terraform: |
    resource "google_cloud_run_v2_service_iam_member" "{display_name}" {
      name   = "{display_name}"
      role   = "ROLE"
      member = "group:TEAM@DOMAIN" # not allUsers, not allAuthenticatedUsers
    }
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, asset_type, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'run.googleapis.com/Service'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/run.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE asset_type = 'run.googleapis.com/Service'
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'run.googleapis.com/Service') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
  UNION ALL
  SELECT name, 'calls are not checked (invokerIamDisabled)'
  FROM assets
  WHERE asset_type = 'run.googleapis.com/Service'
    AND COALESCE(
      JSON_VALUE(resource, '$.data.invokerIamDisabled'),
      JSON_VALUE(resource, '$.data.metadata.annotations."run.googleapis.com/invoker-iam-disabled"')
    ) = 'true'
),
per_asset AS (
  SELECT name, ARRAY_AGG(DISTINCT binding ORDER BY binding) AS bindings
  FROM opened
  GROUP BY name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN o.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The service is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the service was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'run.googleapis.com/Service'
