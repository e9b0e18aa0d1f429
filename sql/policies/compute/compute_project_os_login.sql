/*
id: compute_project_os_login
title: OS Login is on for the project
description: >
  The metadata enable-oslogin of the project must be true.
severity: medium
asset_types: [compute.googleapis.com/Project]
frameworks: {cis_gcp: {"3.0": "4.4", "4.0": "4.4", "5.0": "4.4"}}
rationale: >
  Set on the project, it holds for every machine that does not say otherwise, and for those to come.
remediation:
  text: >
    Set the metadata of the project.
  gcloud: |
    gcloud compute project-info add-metadata --project={project_id} --metadata=enable-oslogin=TRUE
  terraform: |
    resource "google_compute_project_metadata_item" "os_login" {
      project = "{project_id}"
      key     = "enable-oslogin"
      value   = "TRUE"
    }
covers: >
  Machines that override the project are found by compute_instance_os_login.
defaults: >
  commonInstanceMetadata.enable-oslogin: false.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    (
      SELECT MAX(JSON_VALUE(item, '$.value'))
      FROM UNNEST(JSON_QUERY_ARRAY(
        COALESCE(JSON_QUERY(resource, '$.data.commonInstanceMetadata.items'), JSON_QUERY(resource, '$.data.commonInstanceMetadata.item')), '$'
      )) AS item
      WHERE JSON_VALUE(item, '$.key') = 'enable-oslogin'
    ) AS flag
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Project'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN COALESCE(LOWER(flag) NOT IN ('true', '1', 'y', 'yes'), TRUE) THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN COALESCE(LOWER(flag) NOT IN ('true', '1', 'y', 'yes'), TRUE) THEN CONCAT('Metadata enable-oslogin of the project is ', COALESCE(flag, 'not set'), '.')
    ELSE CONCAT('Metadata enable-oslogin of the project is ', flag, '.')
  END AS reason,
  JSON_OBJECT('enable-oslogin', flag) AS evidence
FROM examined
