/*
id: organization_folders_by_environment
title: Folders separate environments
description: >
  The organisation must have folders for at least min_environments of the named kinds of environment.
severity: low
asset_types: [cloudresourcemanager.googleapis.com/Organization]
frameworks: {cis_gcp: {"5.0": "1.1.3"}}
params:
  - {name: environments, type: "ARRAY<STRING>", default: [prod, "dev|test|stag|qa|uat|int", "sandbox|lab|play", "shared|common|core|bootstrap|platform|network"], description: "Kinds of environment: a regular expression each, for folder names in small letters"}
  - {name: min_environments, type: INT64, default: 2, description: Kinds that must be there}
rationale: >
  Rights and policies are inherited: what is to be kept apart must be in folders apart.
remediation:
  text: >
    Plan the tree of folders, then move the projects.
  gcloud: |
    gcloud resource-manager folders create --display-name=production --organization=ORGANIZATION
  terraform: |
    resource "google_folder" "production" {
      display_name = "production"
      parent       = "organizations/ORGANIZATION"
    }
covers: >
  Only names are read: whether the projects in the folders belong there is a judgement.
defaults: >
  displayName: always there.
grain: asset
*/
WITH folders AS (
  SELECT organization, LOWER(COALESCE(JSON_VALUE(resource, '$.data.displayName'), display_name)) AS folder
  FROM assets
  WHERE asset_type = 'cloudresourcemanager.googleapis.com/Folder'
),
counted AS (
  SELECT
    f.organization,
    COUNT(DISTINCT f.folder) AS folders,
    COUNT(DISTINCT IF(REGEXP_CONTAINS(f.folder, environment), environment, NULL)) AS environments
  FROM folders AS f
  CROSS JOIN UNNEST(@environments) AS environment
  GROUP BY f.organization
)
SELECT
  a.name AS asset_name,
  CASE WHEN c.folders IS NULL THEN 'unknown' WHEN c.environments >= @min_environments THEN 'pass' ELSE 'fail' END AS status,
  CASE
    WHEN c.folders IS NULL THEN 'No folder of the organisation was collected.'
    ELSE CONCAT(CAST(c.environments AS STRING), ' kind(s) of environment among the names of its folders; ', CAST(@min_environments AS STRING), ' wanted.')
  END AS reason,
  JSON_OBJECT('folders', c.folders, 'environments', c.environments) AS evidence
FROM assets AS a
LEFT JOIN counted AS c ON c.organization = REGEXP_EXTRACT(a.name, r'organizations/[^/]+$')
WHERE a.asset_type = 'cloudresourcemanager.googleapis.com/Organization'
