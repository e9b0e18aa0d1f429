-- Compliance per day, project and severity.
CREATE TABLE IF NOT EXISTS compliance_daily (
  date DATE NOT NULL OPTIONS (description = 'The day (UTC)'),
  project_id STRING NOT NULL OPTIONS (description = 'Project; empty above projects'),
  severity STRING NOT NULL OPTIONS (description = 'Severity'),
  passed INT64 NOT NULL OPTIONS (description = 'Assets and rules that passed'),
  failed INT64 NOT NULL OPTIONS (description = 'that failed'),
  unknown INT64 NOT NULL OPTIONS (description = 'that could not be judged'),
  score FLOAT64 OPTIONS (description = 'passed / (passed + failed), 0 to 1; null when nothing was examined'),
  PRIMARY KEY (date, project_id, severity) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id
OPTIONS (description = 'Compliance per day, project and severity.');
