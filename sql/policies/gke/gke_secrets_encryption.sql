/*
id: gke_secrets_encryption
title: "Secrets are encrypted with a key of one's own"
description: >
  Kubernetes secrets must be encrypted in etcd with a Cloud KMS key.
severity: medium
asset_types: [container.googleapis.com/Cluster]
rationale: >
  Secrets are otherwise in the clear for whoever can read the disk of the control plane.
remediation:
  text: >
    Give the GKE service agent the right to use a key, then switch encryption on.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --database-encryption-key=KEY
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      database_encryption {
        state    = "ENCRYPTED"
        key_name = google_kms_crypto_key.gke.id
      }
    }
defaults: >
  databaseEncryption.state: DECRYPTED.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.databaseEncryption.state'), 'DECRYPTED') AS state,
    JSON_VALUE(resource, '$.data.databaseEncryption.keyName') AS kms_key
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN state = 'ENCRYPTED' THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN state = 'ENCRYPTED' THEN CONCAT('Secrets are encrypted with ', COALESCE(kms_key, 'a key that was not reported'), '.')
    ELSE CONCAT('The state of secrets encryption is ', state, '.')
  END AS reason,
  JSON_OBJECT('state', state, 'keyName', kms_key) AS evidence
FROM examined
