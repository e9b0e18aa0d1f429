-- Alerts: one row per rule and subject, with its life.
CREATE TABLE IF NOT EXISTS alerts (
  alert_id STRING NOT NULL OPTIONS (description = 'Rule and subject'),
  rule STRING NOT NULL OPTIONS (description = 'File in sql/alerts'),
  subject STRING NOT NULL OPTIONS (description = 'What is wrong'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  status STRING NOT NULL OPTIONS (description = 'firing, resolved, acknowledged or silenced'),
  summary STRING NOT NULL OPTIONS (description = 'One sentence'),
  link STRING OPTIONS (description = 'Page of the portal that shows more, with its parameters'),
  fired_at TIMESTAMP NOT NULL OPTIONS (description = 'When it last fired'),
  firings INT64 OPTIONS (description = 'How often it fired'),
  told BOOL OPTIONS (description = 'Whether channels were told of this firing'),
  resolved_at TIMESTAMP OPTIONS (description = 'When it resolved; null while it is active'),
  acknowledged_by STRING OPTIONS (description = 'Who looks after it'),
  acknowledged_at TIMESTAMP OPTIONS (description = 'Since when'),
  silenced_by STRING OPTIONS (description = 'Who silenced it'),
  silenced_until TIMESTAMP OPTIONS (description = 'Silent until then'),
  PRIMARY KEY (alert_id) NOT ENFORCED
)
PARTITION BY DATE(fired_at)
CLUSTER BY rule
OPTIONS (description = 'Alerts: one row per rule and subject, with its life.');
