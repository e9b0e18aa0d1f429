-- Outbox of the channels: each change of an alert that a channel is told of, until it took it.
CREATE TABLE IF NOT EXISTS alert_messages (
  message_id STRING NOT NULL OPTIONS (description = 'Channel and change'),
  seq INT64 NOT NULL OPTIONS (description = 'Order of the changes'),
  channel STRING NOT NULL OPTIONS (description = 'slack, webhook, email or pagerduty'),
  alert_id STRING NOT NULL OPTIONS (description = 'Alert'),
  what STRING NOT NULL OPTIONS (description = 'fired or resolved'),
  alert JSON NOT NULL OPTIONS (description = 'The alert as it was then'),
  created_at TIMESTAMP NOT NULL OPTIONS (description = 'When it changed'),
  status STRING NOT NULL OPTIONS (description = 'waiting, sent, overtaken (by a newer one of the same alert) or given up'),
  sent_at TIMESTAMP OPTIONS (description = 'When the channel took it'),
  error STRING OPTIONS (description = 'Why it was given up'),
  PRIMARY KEY (message_id) NOT ENFORCED
)
PARTITION BY DATE(created_at)
CLUSTER BY channel
OPTIONS (description = 'Outbox of the channels that are told of alerts.');
