/*
id: iam_workload_identity_condition
title: Identity providers shared with others are limited to your own
description: >
  A provider of a workload identity pool whose issuer serves everyone has an attribute condition. Deleted
  and disabled providers are not examined.
severity: high
asset_types: [iam.googleapis.com/WorkloadIdentityPoolProvider]
params:
  - {name: shared_issuers, type: "ARRAY<STRING>", default: ["token.actions.githubusercontent.com", "gitlab.com", "app.terraform.io", "agent.buildkite.com", "oidc.circleci.com"], description: "Hosts of issuers that serve everyone"}
defaults: >
  attributeCondition absent: no condition.
covers: >
  Whether the condition is narrow enough.
rationale: >
  Without a condition a repository of a stranger gets tokens just as yours does.
remediation:
  text: >
    Add a condition on the owner of the repository.
  gcloud: |
    gcloud iam workload-identity-pools providers update-oidc {display_name} --project={project_id} --location=global --workload-identity-pool=POOL --attribute-condition="assertion.repository_owner == 'OWNER'"
  terraform: |
    resource "google_iam_workload_identity_pool_provider" "{display_name}" {
      attribute_condition = "assertion.repository_owner == 'OWNER'"
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    COALESCE(REGEXP_EXTRACT(JSON_VALUE(resource, '$.data.oidc.issuerUri'), r'^https?://([^/]+)'), '') AS issuer,
    COALESCE(JSON_VALUE(resource, '$.data.attributeCondition'), '') AS attribute_condition
  FROM assets
  WHERE asset_type = 'iam.googleapis.com/WorkloadIdentityPoolProvider'
    AND COALESCE(JSON_VALUE(resource, '$.data.state'), 'ACTIVE') != 'DELETED'
    AND COALESCE(JSON_VALUE(resource, '$.data.disabled'), 'false') != 'true'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN attribute_condition != '' OR issuer NOT IN UNNEST(@shared_issuers) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN attribute_condition != '' OR issuer NOT IN UNNEST(@shared_issuers) THEN IF(attribute_condition != '', CONCAT('Limited by ', attribute_condition, '.'), 'The issuer is not shared with others.')
    ELSE CONCAT('Every account at ', issuer, ' is accepted: there is no condition.')
  END AS reason,
  TO_JSON(STRUCT(issuer, attribute_condition)) AS evidence
FROM found
