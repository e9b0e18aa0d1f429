-- Rules of alerts as they stand, with their last evaluation.
CREATE TABLE IF NOT EXISTS alert_rules (
  rule STRING NOT NULL OPTIONS (description = 'File in sql/alerts, without .sql'),
  title STRING NOT NULL OPTIONS (description = 'What it watches'),
  description STRING OPTIONS (description = 'When it fires'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  enabled BOOL NOT NULL OPTIONS (description = 'Whether it is evaluated'),
  params JSON OPTIONS (description = 'Its parameters, with the values in effect'),
  remediation STRING OPTIONS (description = 'What to do when it fires'),
  evaluated_at TIMESTAMP OPTIONS (description = 'Last evaluation that worked; null when none did'),
  duration_seconds FLOAT64 OPTIONS (description = 'How long it took'),
  wrong INT64 OPTIONS (description = 'How much was wrong then'),
  error STRING OPTIONS (description = 'Why the last evaluation failed; its alerts then stay as they were'),
  PRIMARY KEY (rule) NOT ENFORCED
)
OPTIONS (description = 'Rules of alerts as they stand, with their last evaluation.');
