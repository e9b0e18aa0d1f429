/*
id: compute_snapshot_public
title: Snapshot is not shared with everybody
description: >
  No binding of a snapshot may name allUsers or allAuthenticatedUsers.
severity: critical
asset_types: [compute.googleapis.com/Snapshot]
rationale: >
  Whoever may use it can make a disk from it and read every file, with the secrets in them.
remediation:
  text: >
    Remove the binding. Share with named projects or groups.
  gcloud: |
    gcloud compute snapshots remove-iam-policy-binding {display_name} --project={project_id} --member=allAuthenticatedUsers --role=roles/compute.storageAdmin
covers: >
  Roles of one's own that are bound above: only roles/compute.* and the basic roles count there.
defaults: >
  A policy without bindings opens nothing, and neither does a missing one
  where other policies of the project were read.
grain: asset
*/
WITH public_bindings AS (
  SELECT asset_name, asset_type, resource, role, member
  FROM iam_bindings
  WHERE inherited_from IS NULL
    AND member IN ('allUsers', 'allAuthenticatedUsers')
    AND (
      asset_type = 'compute.googleapis.com/Snapshot'
      OR (
        resource IS NOT NULL
        AND (STARTS_WITH(role, 'roles/compute.') OR role IN ('roles/viewer', 'roles/editor', 'roles/owner'))
      )
    )
),
opened AS (
  SELECT asset_name AS name, CONCAT(member, ' has ', role) AS binding
  FROM public_bindings
  WHERE asset_type = 'compute.googleapis.com/Snapshot'
  UNION ALL
  SELECT a.name, CONCAT(p.member, ' has ', p.role, ' on ', p.resource)
  FROM (SELECT name, ancestors FROM assets WHERE asset_type = 'compute.googleapis.com/Snapshot') AS a
  CROSS JOIN UNNEST(a.ancestors) AS ancestor
  JOIN public_bindings AS p ON p.resource = ancestor
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
    WHEN o.name IS NOT NULL THEN CONCAT('The snapshot is open: ', ARRAY_TO_STRING(o.bindings, ', '), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'The IAM policy of the snapshot was not collected, nor any other of its project.'
    ELSE CONCAT('No binding names allUsers or allAuthenticatedUsers.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('bindings', o.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS o ON o.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'compute.googleapis.com/Snapshot'
