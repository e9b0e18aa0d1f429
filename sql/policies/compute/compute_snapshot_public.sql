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
  Bindings set above, on the project or its folders, which name everybody are found by the rules on IAM.
defaults: >
  iamPolicy.bindings: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    iam_policy IS NULL AS unseen,
    (
      SELECT STRING_AGG(DISTINCT CONCAT(JSON_VALUE(member), ' has ', JSON_VALUE(binding, '$.role')), ', ')
      FROM UNNEST(JSON_QUERY_ARRAY(iam_policy, '$.bindings')) AS binding
      CROSS JOIN UNNEST(JSON_QUERY_ARRAY(binding, '$.members')) AS member
      WHERE JSON_VALUE(member) IN ('allUsers', 'allAuthenticatedUsers')
    ) AS public
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Snapshot'
)
SELECT
  name AS asset_name,
  CASE WHEN unseen THEN 'unknown' WHEN public IS NOT NULL THEN 'fail' ELSE 'pass' END AS status,
  CASE
    WHEN unseen THEN 'Its IAM policy was not collected.'
    WHEN public IS NOT NULL THEN CONCAT('Open to everybody: ', public, '.')
    ELSE 'Not shared with everybody.'
  END AS reason,
  JSON_OBJECT('public', public) AS evidence
FROM examined
