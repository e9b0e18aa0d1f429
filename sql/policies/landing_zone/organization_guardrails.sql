/*
id: organization_guardrails
title: Guardrails are set on the organisation
description: >
  Each of the wanted constraints must be in effect on the organisation.
severity: medium
asset_types: [cloudresourcemanager.googleapis.com/Organization]
frameworks: {cis_gcp: {"5.0": "1.1.4"}}
params:
  - {name: constraints, type: "ARRAY<STRING>", default: [compute.requireOsLogin, compute.skipDefaultNetworkCreation, compute.vmExternalIpAccess, iam.allowedPolicyMemberDomains, iam.automaticIamGrantsForDefaultServiceAccounts, iam.disableServiceAccountKeyCreation, sql.restrictPublicIp, storage.publicAccessPrevention, storage.uniformBucketLevelAccess], description: "Constraints that must be in effect, without constraints/ and without managed"}
rationale: >
  A constraint on the organisation holds for every project, also for those to come.
remediation:
  text: >
    Set the missing constraints, first as a dry run.
  gcloud: |
    gcloud org-policies set-policy policy.yaml
  terraform: |
    resource "google_org_policy_policy" "os_login" {
      name   = "organizations/ORGANIZATION/policies/compute.requireOsLogin"
      parent = "organizations/ORGANIZATION"
      spec {
        rules {
          enforce = "TRUE"
        }
      }
    }
covers: >
  Rules with a condition on tags are not counted.
defaults: >
  a constraint that nobody sets: its default, which is off.
grain: asset
*/
WITH known AS (
  SELECT COUNT(*) AS policies
  FROM org_policies
),
examined AS (
  SELECT name, (SELECT policies FROM known) AS policies
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Organization'
),
in_effect AS (
  SELECT DISTINCT asset_name, REPLACE(constraint_name, '.managed.', '.') AS constraint_name
  FROM org_policies
  WHERE condition IS NULL
    AND NOT restore_default
    AND (
      COALESCE(enforced, FALSE)
      OR COALESCE(deny_all, FALSE)
      OR ARRAY_LENGTH(allowed) > 0
      OR ARRAY_LENGTH(denied) > 0
    )
),
missing AS (
  SELECT e.name, STRING_AGG(wanted, ', ' ORDER BY wanted) AS constraints
  FROM examined AS e
  CROSS JOIN UNNEST(@constraints) AS wanted
  LEFT JOIN in_effect AS i ON i.asset_name = e.name AND i.constraint_name = wanted
  WHERE i.asset_name IS NULL
  GROUP BY e.name
)
SELECT
  e.name AS asset_name,
  CASE WHEN e.policies = 0 THEN 'unknown' WHEN m.name IS NOT NULL THEN 'fail' ELSE 'pass' END AS status,
  CASE
    WHEN e.policies = 0 THEN 'No organisation policy was collected.'
    WHEN m.name IS NOT NULL THEN CONCAT('Not in effect: ', m.constraints, '.')
    ELSE 'Every wanted constraint is in effect.'
  END AS reason,
  JSON_OBJECT('missing', m.constraints) AS evidence
FROM examined AS e
LEFT JOIN missing AS m ON m.name = e.name
