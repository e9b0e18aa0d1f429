-- Findings: one row per rule and asset that fails it, failed it once, or could not be judged.
CREATE TABLE IF NOT EXISTS violations (
  policy_id STRING NOT NULL OPTIONS (description = 'Rule'),
  asset_name STRING NOT NULL OPTIONS (description = 'Full resource name'),
  asset_type STRING OPTIONS (description = 'Cloud Asset type'),
  project_id STRING OPTIONS (description = 'Project; null above projects'),
  folder STRING OPTIONS (description = 'Nearest folder, as folders/NUMBER'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  status STRING NOT NULL OPTIONS (description = 'fail: it failed when it was last judged. unknown: it was never judged'),
  reason STRING OPTIONS (description = 'Why, with the values'),
  evidence JSON OPTIONS (description = 'The values it was judged on'),
  doubt STRING OPTIONS (description = 'Why the last run could not judge it again; null when it could. The finding stays open'),
  first_seen TIMESTAMP NOT NULL OPTIONS (description = 'First run that found it'),
  last_seen TIMESTAMP NOT NULL OPTIONS (description = 'Last run that found it'),
  resolved_at TIMESTAMP OPTIONS (description = 'When it was seen to be gone; null while it is open'),
  resolution STRING OPTIONS (description = 'passed, asset deleted, not examined or rule off'),
  reopened_at TIMESTAMP OPTIONS (description = 'When it last failed again after it was resolved'),
  reopened INT64 NOT NULL OPTIONS (description = 'How often it failed again'),
  waived_until TIMESTAMP OPTIONS (description = 'Waived until then; null without a waiver that holds'),
  waived_by STRING OPTIONS (description = 'Owner of that waiver'),
  waived_for STRING OPTIONS (description = 'Its reason'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that last changed it'),
  PRIMARY KEY (policy_id, asset_name) NOT ENFORCED
)
CLUSTER BY project_id, policy_id
OPTIONS (description = 'Findings: one row per rule and asset that fails it, failed it once, or could not be judged.');
