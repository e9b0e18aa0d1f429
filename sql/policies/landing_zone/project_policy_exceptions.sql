/*
id: project_policy_exceptions
title: Projects take back no organisation policy
description: >
  No organisation policy set on a project itself switches a constraint off, allows all values or restores
  the default.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Project]
params:
  - {name: allowed, type: "ARRAY<STRING>", default: [], description: "Constraints that projects may take back"}
defaults: >
  A project without policies of its own inherits them. Policies that count only under a condition on tags
  are not judged.
rationale: >
  Exceptions are made in a hurry and forgotten.
remediation:
  text: >
    Delete the policy of the project, or list the constraint as allowed.
  gcloud: |
    gcloud org-policies delete CONSTRAINT --project={project_id}
  terraform: |
    # remove google_org_policy_policy "projects/{project_id}/policies/CONSTRAINT"
grain: asset
*/
WITH own AS (
  SELECT
    asset_name AS name,
    STRING_AGG(DISTINCT constraint_name, ', ') AS taken_back
  FROM org_policies
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
    AND inherited_from IS NULL
    AND (enforced = FALSE OR allow_all = TRUE OR restore_default)
    AND condition IS NULL
    AND constraint_name NOT IN UNNEST(@allowed)
  GROUP BY asset_name
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN o.name IS NOT NULL THEN 'fail'
    WHEN a.org_policy IS NULL AND NOT looked.policies_seen THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN o.name IS NOT NULL THEN CONCAT('The project takes back ', o.taken_back, '.')
    WHEN a.org_policy IS NULL AND NOT looked.policies_seen THEN 'No organisation policy was collected anywhere.'
    ELSE 'The project takes back no organisation policy.'
  END AS reason,
  CASE WHEN o.name IS NOT NULL THEN JSON_OBJECT('constraints', o.taken_back) END AS evidence
FROM assets AS a
LEFT JOIN own AS o ON o.name = a.name
CROSS JOIN (SELECT COUNT(*) > 0 AS policies_seen FROM org_policies) AS looked
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
  AND COALESCE(a.state, 'ACTIVE') = 'ACTIVE'
