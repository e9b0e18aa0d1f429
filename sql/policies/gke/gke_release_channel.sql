/*
id: gke_release_channel
title: Cluster follows a release channel
description: >
  The cluster must be on one of the release channels.
severity: medium
asset_types: [container.googleapis.com/Cluster]
params:
  - {name: channels, type: "ARRAY<STRING>", default: [RAPID, REGULAR, STABLE, EXTENDED], description: Channels that are fine}
rationale: >
  Only a channel keeps control plane and nodes on versions that are supported.
remediation:
  text: >
    Choose a channel.
  gcloud: |
    gcloud container clusters update {display_name} --location={location} --project={project_id} --release-channel=regular
  terraform: |
    resource "google_container_cluster" "{display_name}" {
      release_channel {
        channel = "REGULAR"
      }
    }
defaults: >
  releaseChannel.channel: UNSPECIFIED.
grain: asset
*/
WITH examined AS (
  SELECT
    name,
    resource IS NULL AS unseen,
    COALESCE(JSON_VALUE(resource, '$.data.releaseChannel.channel'), 'UNSPECIFIED') AS channel
  FROM assets
  WHERE asset_type = 'container.googleapis.com/Cluster'
)
SELECT
  name AS asset_name,
  CASE
    WHEN unseen THEN 'unknown'
    WHEN channel IN UNNEST(@channels) THEN 'pass'
    ELSE 'fail'
  END AS status,
  CASE
    WHEN unseen THEN 'Its configuration was not collected.'
    WHEN channel IN UNNEST(@channels) THEN CONCAT('Follows the channel ', channel, '.')
    ELSE CONCAT('Its release channel is ', channel, '.')
  END AS reason,
  JSON_OBJECT('channel', channel) AS evidence
FROM examined
