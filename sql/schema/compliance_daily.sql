-- Compliance per day: of all, and of each project, folder, rule, framework and control, by severity.
CREATE TABLE IF NOT EXISTS compliance_daily (
  date DATE NOT NULL OPTIONS (description = 'The day (UTC)'),
  dimension STRING NOT NULL OPTIONS (description = 'all, project, folder, policy, framework or control'),
  item STRING NOT NULL OPTIONS (description = 'Which: project id (empty above projects), folders/NUMBER with all below it, rule, cis_gcp 4.0, cis_gcp 4.0 5.1; empty for all'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low; all for their sum'),
  passed INT64 NOT NULL OPTIONS (description = 'Assets and rules that passed'),
  failed INT64 NOT NULL OPTIONS (description = 'that failed and are not waived'),
  waived INT64 NOT NULL OPTIONS (description = 'that failed and are waived'),
  unknown INT64 NOT NULL OPTIONS (description = 'that could not be judged'),
  score FLOAT64 OPTIONS (description = 'Share that passed of what was judged and is not waived, 0 to 1; of all severities weighted 10, 5, 2 and 1; null when nothing was judged'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (date, dimension, item, severity) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY dimension, item
OPTIONS (description = 'Compliance per day: of all, and of each project, folder, rule, framework and control, by severity.');
