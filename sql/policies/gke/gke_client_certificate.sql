/*
id: gke_client_certificate
title: No client certificate and no password
description: >
  The cluster must not have issued a client certificate and must not take a password.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Neither can be taken back without new credentials for the whole cluster.
remediation:
  text: >
    Rotate the credentials of the cluster; make new clusters without a certificate.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --start-credential-rotation
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      master_auth {
        client_certificate_config {
          issue_client_certificate = false
        }
      }
    }
defaults: >
  masterAuth.clientCertificateConfig.issueClientCertificate: false; masterAuth.username: none.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.masterAuth.clientCertificateConfig.issueClientCertificate'), 'false') AS asked,
    JSON_VALUE(resource, '$.data.masterAuth.clientCertificate') AS certificate,
    COALESCE(JSON_VALUE(resource, '$.data.masterAuth.username'), '') <> '' AS has_password
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN has_password THEN 'fail'
    WHEN asked = 'true' OR COALESCE(certificate, '') <> '' THEN 'fail'
    ELSE 'pass'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN has_password THEN 'Takes a user name and password.'
    WHEN asked = 'true' OR COALESCE(certificate, '') <> '' THEN 'Has issued a client certificate.'
    ELSE 'Takes neither certificates nor passwords.'
  END AS reason,
  JSON_OBJECT('issueClientCertificate', asked, 'hasPassword', has_password) AS evidence
FROM examined
