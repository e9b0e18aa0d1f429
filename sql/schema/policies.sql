-- Rules as they stand in sql/policies and in the landing zone, with their settings and what the last run found.
CREATE TABLE IF NOT EXISTS policies (
  policy_id STRING NOT NULL OPTIONS (description = 'Id of the rule; of a further instance the id that config/policies.toml gives it'),
  rule_id STRING NOT NULL OPTIONS (description = 'Id of the rule that it is an instance of'),
  title STRING NOT NULL OPTIONS (description = 'What it demands'),
  description STRING OPTIONS (description = 'What it looks at'),
  service STRING NOT NULL OPTIONS (description = 'Folder of sql/policies it is in, for example storage'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  asset_types ARRAY<STRING> OPTIONS (description = 'Types it examines'),
  frameworks JSON OPTIONS (description = 'Controls it maps to: framework, version, control'),
  params JSON OPTIONS (description = 'Its parameters, with the values in effect'),
  rationale STRING OPTIONS (description = 'Why it matters'),
  remediation JSON OPTIONS (description = 'Object with text, and templates gcloud and terraform'),
  covers STRING OPTIONS (description = 'What of the control is not covered'),
  defaults STRING OPTIONS (description = 'Defaults of the API that it relies on'),
  source STRING NOT NULL OPTIONS (description = 'portal or landing_zone'),
  path STRING NOT NULL OPTIONS (description = 'Its file'),
  enabled BOOL NOT NULL OPTIONS (description = 'Whether it runs'),
  error STRING OPTIONS (description = 'Why it could not be run; null when it could'),
  passed INT64 OPTIONS (description = 'Assets that passed in the last run; null when it did not run'),
  failed INT64 OPTIONS (description = 'that failed'),
  waived INT64 OPTIONS (description = 'that failed and are waived'),
  unknown INT64 OPTIONS (description = 'that could not be judged'),
  duration_seconds FLOAT64 OPTIONS (description = 'How long it took'),
  run_id STRING OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (policy_id) NOT ENFORCED
)
OPTIONS (description = 'Rules as they stand in sql/policies and in the landing zone, with their settings and what the last run found.');
