/*
id: compute_instance_default_service_account
title: VM does not run as the default service account
description: >
  A VM should have a service account of its own, or none. The default account of Compute Engine is shared by
  every machine of the project that names no other.
severity: medium
asset_types: [compute.googleapis.com/Instance]
frameworks: {cis_gcp: {"3.0": "4.1", "4.0": "4.1", "5.0": "4.1"}}
params:
  - {name: exempt_gke_nodes, type: BOOL, default: true, description: "Pass the machines that GKE made; the rules of the cluster judge them"}
rationale: >
  The default account often holds the Editor role. Whoever gets into one machine then has the rights of all
  of them.
remediation:
  text: >
    Make a service account with only the roles the machine needs. Stop the VM and set it.
  gcloud: |
    gcloud compute instances stop {display_name} --zone={location} --project={project_id}
    gcloud compute instances set-service-account {display_name} --zone={location} --project={project_id} \
      --service-account=NAME@{project_id}.iam.gserviceaccount.com --scopes=cloud-platform
  terraform: |
    resource "google_compute_instance" "{display_name}" {
      service_account {
        email  = google_service_account.own.email
        scopes = ["cloud-platform"]
      }
    }
defaults: >
  serviceAccounts: none: the machine has no service account.
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
    WHEN account IS NOT NULL THEN CONCAT('Runs as the default service account ', account, '.')
    ELSE 'Does not run as the default service account.'
  END AS reason,
  JSON_OBJECT('serviceAccount', account) AS evidence
FROM examined
