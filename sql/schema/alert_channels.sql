-- Channels that are told of alerts, as they stand.
CREATE TABLE IF NOT EXISTS alert_channels (
  channel STRING NOT NULL OPTIONS (description = 'slack, webhook, email or pagerduty'),
  configured BOOL NOT NULL OPTIONS (description = 'Whether it has what it needs'),
  target STRING OPTIONS (description = 'Where it sends to, without secrets; of others how to set it up'),
  least_severity STRING NOT NULL OPTIONS (description = 'Least severe alert it is told of'),
  last_sent_at TIMESTAMP OPTIONS (description = 'When it last took something'),
  failures INT64 NOT NULL OPTIONS (description = 'Tries that failed since then'),
  last_error STRING OPTIONS (description = 'Why the last try failed; null when it did not'),
  last_error_at TIMESTAMP OPTIONS (description = 'When'),
  next_try_at TIMESTAMP OPTIONS (description = 'When it is tried again; null when nothing failed'),
  PRIMARY KEY (channel) NOT ENFORCED
)
OPTIONS (description = 'Channels that are told of alerts, as they stand.');
