/*
id: iam_custom_role_wide
title: Custom roles cannot give their holders more rights
description: >
  No custom role holds a permission with which its holder can grant rights or act as somebody else.
  Deleted and disabled roles are not examined.
severity: medium
asset_types: [iam.googleapis.com/Role]
params:
  - {name: pattern, type: STRING, default: "(\\.setIamPolicy|iam\\.serviceAccounts\\.(actAs|getAccessToken|signBlob|signJwt|implicitDelegation)|iam\\.serviceAccountKeys\\.create|iam\\.roles\\.update)$", description: "Regular expression for permissions that lead to more rights"}
defaults: >
  includedPermissions absent: none. deleted absent: false.
rationale: >
  A role with a harmless name that may set policies is an owner in disguise.
remediation:
  text: >
    Take the permission out, and grant it on single resources where it is needed.
  gcloud: |
    gcloud iam roles update {display_name} --project={project_id} --remove-permissions=PERMISSION
  terraform: |
    resource "google_project_iam_custom_role" "{display_name}" {
      permissions = [] # without PERMISSION
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    (
      SELECT STRING_AGG(permission, ', ' ORDER BY permission LIMIT 10)
      FROM UNNEST(JSON_VALUE_ARRAY(resource, '$.data.includedPermissions')) AS permission
      WHERE REGEXP_CONTAINS(permission, @pattern)
    ) AS wide
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/Role'
    AND COALESCE(JSON_VALUE(resource, '$.data.deleted'), 'false') != 'true'
    AND COALESCE(JSON_VALUE(resource, '$.data.stage'), 'ALPHA') != 'DISABLED'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN wide IS NULL THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN wide IS NULL THEN 'The role holds no permission that leads to more rights.'
    ELSE CONCAT('The role holds ', wide, '.')
  END AS reason,
  TO_JSON(STRUCT(wide)) AS evidence
FROM found
