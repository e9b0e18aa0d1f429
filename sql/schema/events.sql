-- What happened: one row per event, whatever its source.
CREATE TABLE IF NOT EXISTS events (
  event_id STRING NOT NULL OPTIONS (description = 'Deterministic: the same event twice is one row'),
  seq INT64 NOT NULL OPTIONS (description = 'Order of arrival in this cache'),
  event_time TIMESTAMP NOT NULL OPTIONS (description = 'When it happened'),
  received_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was stored'),
  event_type STRING NOT NULL OPTIONS (description = 'resource.created, resource.updated, resource.deleted, policy.violation, compliance.drift, cost.anomaly, test, ...'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium, low or info'),
  project_id STRING OPTIONS (description = 'Project'),
  asset_name STRING OPTIONS (description = 'Full resource name'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type'),
  actor STRING OPTIONS (description = 'Who; null is unknown'),
  summary STRING NOT NULL OPTIONS (description = 'One sentence'),
  source STRING NOT NULL OPTIONS (description = 'feed, audit_log, scc, landing_zone, eventarc, test, or rules (of the portal)'),
  before JSON OPTIONS (description = 'Content before, where the source tells'),
  after JSON OPTIONS (description = 'Content after, where the source tells'),
  raw JSON OPTIONS (description = 'The message as it came'),
  PRIMARY KEY (event_id) NOT ENFORCED
)
PARTITION BY DATE(received_at)
CLUSTER BY project_id, event_type
OPTIONS (description = 'What happened: one row per event, whatever its source.');
