/*
id: pubsub_push_authenticated
title: Push subscriptions sign their messages
description: >
  Subscriptions that push carry an OIDC token and use https. Pull subscriptions are not examined.
severity: medium
asset_types: [pubsub.googleapis.com/Subscription]
defaults: >
  oidcToken absent: no token. pushEndpoint absent or empty: the subscription is of the pull kind.
rationale: >
  Without a token the receiver cannot tell your messages from anyone else's.
remediation:
  text: >
    Set a service account for push authentication.
  gcloud: |
    gcloud pubsub subscriptions update {display_name} --project={project_id} --push-endpoint=https://ENDPOINT --push-auth-service-account=ACCOUNT
  terraform: |
    resource "google_pubsub_subscription" "{display_name}" {
      push_config {
        push_endpoint = "https://ENDPOINT"
        oidc_token {
          service_account_email = "ACCOUNT"
        }
      }
    }
grain: asset
*/
WITH found AS (
  SELECT
    name,
    JSON_QUERY(resource, '$.data') IS NULL AS unseen,
    JSON_VALUE(resource, '$.data.pushConfig.pushEndpoint') AS endpoint,
    JSON_VALUE(resource, '$.data.pushConfig.oidcToken.serviceAccountEmail') AS account
  FROM assets
  WHERE asset_type = 'pubsub.googleapis.com/Subscription'
    AND (resource IS NULL OR COALESCE(JSON_VALUE(resource, '$.data.pushConfig.pushEndpoint'), '') != '')
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN account IS NOT NULL AND STARTS_WITH(endpoint, 'https://') THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'The resource was not collected.'
    WHEN account IS NOT NULL AND STARTS_WITH(endpoint, 'https://') THEN CONCAT('Messages are signed by ', account, '.')
    ELSE CONCAT('Messages to ', endpoint, IF(account IS NULL, ' carry no token.', ' do not travel over TLS.'))
  END AS reason,
  TO_JSON(STRUCT(endpoint, account)) AS evidence
FROM found
