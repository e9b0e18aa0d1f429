-- Alerts: one row per rule and subject, with its life.
CREATE TABLE IF NOT EXISTS alerts (
  alert_id STRING NOT NULL OPTIONS (description = 'Rule and subject'),
  rule STRING NOT NULL OPTIONS (description = 'File in sql/alerts'),
  subject STRING NOT NULL OPTIONS (description = 'What is wrong'),
  severity STRING NOT NULL OPTIONS (description = 'Severity'),
  status STRING NOT NULL OPTIONS (description = 'firing, resolved, acknowledged or silenced'),
  summary STRING NOT NULL OPTIONS (description = 'One sentence'),
  fired_at TIMESTAMP NOT NULL OPTIONS (description = 'When it fired'),
  resolved_at TIMESTAMP OPTIONS (description = 'When it resolved'),
  acknowledged_by STRING OPTIONS (description = 'Who'),
  silenced_until TIMESTAMP OPTIONS (description = 'Silent until then'),
  PRIMARY KEY (alert_id) NOT ENFORCED
)
PARTITION BY DATE(fired_at)
CLUSTER BY rule
OPTIONS (description = 'Alerts: one row per rule and subject, with its life.');
