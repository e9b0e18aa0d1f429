/*
id: iam_service_account_user_on_project
title: People cannot act as every service account of a project
description: >
  No person, group or domain holds Service Account User or Service Account Token Creator on a project, its
  folders or the organisation. Bindings set on folders and the organisation count for all that is below
  them. Members that are deleted (deleted:) hold nothing any more.
severity: high
asset_types: [cloudresourcemanager.googleapis.com/Project]
frameworks:
  cis_gcp: {"3.0": "1.6", "4.0": "1.6", "5.0": "1.7"}
params:
  - {name: accept_conditions, type: BOOL, default: false, description: "Bindings with a condition are fine"}
defaults: >
  A policy without bindings grants nothing, and neither does a missing one
  where other policies of the project were read.
covers: >
  What a condition says is not judged.
rationale: >
  On the project the role reaches every service account, the most powerful one included.
remediation:
  text: >
    Grant the role on the single service account.
  gcloud: |
    gcloud projects remove-iam-policy-binding {project_id} --member=MEMBER --role=ROLE
    gcloud iam service-accounts add-iam-policy-binding ACCOUNT --project={project_id} --member=MEMBER --role=ROLE
  terraform: |
    # remove, in the module of {project_id}:
    # resource "google_project_iam_member" with role = "ROLE" and member = "MEMBER"
grain: asset
*/
WITH hits AS (
  SELECT DISTINCT
    asset_name,
    CONCAT(
      member, ' has ', role,
      IF(condition IS NULL, '', ' under a condition'),
      IF(inherited_from IS NULL, '', CONCAT(', inherited from ', inherited_from))
    ) AS binding
  FROM iam_bindings
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Project'
    AND role IN ('roles/iam.serviceAccountUser', 'roles/iam.serviceAccountTokenCreator')
    AND REGEXP_CONTAINS(member, r'^(user:|group:|domain:|allUsers$|allAuthenticatedUsers$)')
    AND NOT (@accept_conditions AND condition IS NOT NULL)
),
per_asset AS (
  SELECT
    asset_name AS name,
    COUNT(*) AS total,
    STRING_AGG(binding, '; ' ORDER BY binding LIMIT 5) AS first_ones,
    ARRAY_AGG(binding ORDER BY binding LIMIT 100) AS bindings
  FROM hits
  GROUP BY asset_name
),
read_scopes AS (
  SELECT DISTINCT COALESCE(project_id, resource) AS scope
  FROM iam_bindings
  WHERE inherited_from IS NULL
)
SELECT
  a.name AS asset_name,
  CASE
    WHEN p.name IS NOT NULL THEN 'fail'
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'unknown'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN p.name IS NOT NULL
      THEN CONCAT('May act as every service account: ', p.first_ones, IF(p.total > 5, CONCAT('; and ', CAST(p.total - 5 AS STRING), ' more'), ''), '.')
    WHEN a.iam_policy IS NULL AND r.scope IS NULL THEN 'Its IAM policy was not collected, nor any other of its project.'
    ELSE CONCAT('Nobody may act as every service account of the project.', IF(a.iam_policy IS NULL, ' It has no IAM policy of its own.', ''))
  END AS reason,
  CASE WHEN p.name IS NOT NULL THEN JSON_OBJECT('total', p.total, 'bindings', p.bindings) END AS evidence
FROM assets AS a
LEFT JOIN per_asset AS p ON p.name = a.name
LEFT JOIN read_scopes AS r ON r.scope = COALESCE(a.project_id, a.organization)
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Project'
