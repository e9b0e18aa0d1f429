/*
id: compute_disk_public
title: Disk is not shared with everybody
description: >
  No binding of a disk may name allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [compute.googleapis.com/Disk]
rationale: >
  Whoever may use it can make a disk from it and read every file, with the secrets in them.
remediation:
  text: >
    Remove the binding. Share with named projects or groups.
  gcloud: |
    gcloud compute disks remove-iam-policy-binding {display_name} --zone={location} --project={project_id} --member=allAuthenticatedUsers --role=roles/compute.storageAdmin
covers: >
  Roles of one's own that are bound above: only roles/compute.* and the basic roles count there.
defaults: >
  iamPolicy: without one of its own, only what is bound above counts.
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'compute.googleapis.com/Disk'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/compute.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE resource IS NULL
  UNION ALL
  SELECT a.name, CONCAT(b.member, ' has ', b.role, ' on ', b.resource)
  FROM assets AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS b ON b.resource = ancestor
  WHERE a.asset_type = 'compute.googleapis.com/Disk'
),
per_asset AS (
  SELECT name, STRING_AGG(DISTINCT binding, ', ' ORDER BY binding) AS bindings
  FROM opened
  GROUP BY name
),
read_projects AS (
  SELECT DISTINCT resource
  FROM iam_bindings
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
),
examined AS (
  SELECT a.name, a.iam_policy IS NULL AND r.resource IS NULL AS unseen
  FROM assets AS a
  LEFT JOIN read_projects AS r ON r.resource = CONCAT('projects/', a.project_number)
  WHERE a.asset_type = 'compute.googleapis.com/Disk'
)
SELECT
  e.name AS asset_name,
  CASE WHEN o.name IS NOT NULL THEN 'fail' WHEN e.unseen THEN 'unknown' ELSE 'pass' END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('Open to everybody: ', o.bindings, '.')
    WHEN e.unseen THEN 'Neither its IAM policy nor that of its project was collected.'
    ELSE 'Not shared with everybody.'
  END AS reason,
  JSON_OBJECT('bindings', o.bindings) AS evidence
FROM examined AS e
LEFT JOIN per_asset AS o ON o.name = e.name
