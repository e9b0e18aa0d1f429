-- Findings: one row per rule and asset that fails it.
CREATE TABLE IF NOT EXISTS violations (
  policy_id STRING NOT NULL OPTIONS (description = 'Rule'),
  asset_name STRING NOT NULL OPTIONS (description = 'Full resource name'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  status STRING NOT NULL OPTIONS (description = 'fail or unknown'),
  reason STRING OPTIONS (description = 'Why'),
  evidence JSON OPTIONS (description = 'The values it was judged on'),
  first_seen TIMESTAMP NOT NULL OPTIONS (description = 'First run that found it'),
  last_seen TIMESTAMP NOT NULL OPTIONS (description = 'Last run that found it'),
  resolved_at TIMESTAMP OPTIONS (description = 'When it was seen to pass'),
  waived_until TIMESTAMP OPTIONS (description = 'Waived until then'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (policy_id, asset_name) NOT ENFORCED
)
CLUSTER BY project_id, policy_id
OPTIONS (description = 'Findings: one row per rule and asset that fails it.');
