/*
title: One event
description: >
  Everything known of one event.
params:
  - {name: event_id, type: STRING, description: Id of the event}
  - {name: since, type: TIMESTAMP, description: Received from then on}
grain: event
*/
SELECT
  event_id,
  seq,
  event_time,
  received_at,
  event_type,
  severity,
  project_id,
  asset_name,
  asset_type,
  actor,
  summary,
  source,
  before,
  after,
  raw
FROM events
WHERE received_at >= @since AND event_id = @event_id
