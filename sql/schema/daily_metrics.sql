-- One row per day and source.
CREATE TABLE IF NOT EXISTS daily_metrics (
  date DATE NOT NULL OPTIONS (description = 'The day (UTC)'),
  source STRING NOT NULL OPTIONS (description = 'Layer the figures come from'),
  total_resources INT64 OPTIONS (description = 'Assets at the end of the day'),
  resources_with_violations INT64 OPTIONS (description = 'Assets with an open finding; null when not examined'),
  total_cost FLOAT64 OPTIONS (description = 'Net cost of the day in the billing currency; null without billing data'),
  avg_compliance_score FLOAT64 OPTIONS (description = '0 to 1; null when not examined'),
  created_at TIMESTAMP NOT NULL OPTIONS (description = 'When the row was computed'),
  PRIMARY KEY (date, source) NOT ENFORCED
)
PARTITION BY date
OPTIONS (description = 'One row per day and source.');
