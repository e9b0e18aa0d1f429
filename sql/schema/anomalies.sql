-- Days on which a series left its expected range.
CREATE TABLE IF NOT EXISTS anomalies (
  series STRING NOT NULL OPTIONS (description = 'Series'),
  date DATE NOT NULL OPTIONS (description = 'Day'),
  value FLOAT64 NOT NULL OPTIONS (description = 'Value seen'),
  expected FLOAT64 OPTIONS (description = 'Value expected'),
  low FLOAT64 OPTIONS (description = 'Lower bound'),
  high FLOAT64 OPTIONS (description = 'Upper bound'),
  contributors JSON OPTIONS (description = 'Projects, assets and changes behind it'),
  PRIMARY KEY (series, date) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY series
OPTIONS (description = 'Days on which a series left its expected range.');
