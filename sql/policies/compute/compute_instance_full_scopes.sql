/*
id: compute_instance_full_scopes
title: VM does not run as the default service account with full API scope
description: >
  A VM on the default service account must not have the scope cloud-platform, which opens every API to it.
severity: high
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.2", "4.0": "4.2", "5.0": "4.2"}}
params:
  - {name: exempt_gke_nodes, type: BOOL, default: true, description: "Pass the machines that GKE made; the rules of the cluster judge them"}
rationale: >
  Default account and full scope together give code on the machine every right of the account, which is
  often Editor of the whole project.
remediation:
  text: >
    Give the VM an account of its own, or narrow the scopes. Stop the VM first.
  gcloud: |
    gcloud compute instances stop {display_name} --zone={location} --project={project_id}
    gcloud compute instances set-service-account {display_name} --zone={location} --project={project_id} --scopes=logging-write,monitoring-write
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      service_account {
        scopes = ["logging-write", "monitoring-write"]
      }
    }
defaults: >
  serviceAccounts: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    STARTS_WITH(REGEXP_EXTRACT(name, r'[^/]+$'), 'gke-') AND JSON_VALUE(labels, '$."goog-gke-node"') IS NOT NULL AS gke_node,
    (
      SELECT MAX(JSON_VALUE(account, '$.email'))
      FROM UNNEST(JSON_QUERY_ARRAY(COALESCE(JSON_QUERY(resource, '$.data.serviceAccounts'), JSON_QUERY(resource, '$.data.serviceAccount')), '$')) AS account
      WHERE REGEXP_CONTAINS(JSON_VALUE(account, '$.email'), r'^\d+-compute@developer\.gserviceaccount\.com$')
        AND EXISTS (
          SELECT 1
          FROM UNNEST(JSON_QUERY_ARRAY(
            COALESCE(JSON_QUERY(account, '$.scopes'), JSON_QUERY(account, '$.scope')), '$'
          )) AS scope
          WHERE JSON_VALUE(scope) IN ('https://www.googleapis.com/auth/cloud-platform', 'cloud-platform')
        )
    ) AS account
  FROM assets
  WHERE asset_type = 'compute.googleapis.com/Instance'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN @exempt_gke_nodes AND gke_node THEN 'pass'
    WHEN account IS NOT NULL THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN @exempt_gke_nodes AND gke_node THEN 'A node made by GKE: the rules of its cluster judge it.'
    WHEN account IS NOT NULL THEN CONCAT('Runs as ', account, ' with the scope cloud-platform.')
    ELSE 'Does not run as the default service account with full scope.'
  END AS reason,
  JSON_OBJECT('serviceAccount', account) AS evidence
FROM examined
