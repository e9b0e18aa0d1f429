-- Forecasts with their intervals and backtest.
CREATE TABLE IF NOT EXISTS forecasts (
  series STRING NOT NULL OPTIONS (description = 'What is forecast, for example resources:total'),
  made_on DATE NOT NULL OPTIONS (description = 'Day it was made'),
  date DATE NOT NULL OPTIONS (description = 'Day it speaks of'),
  model STRING NOT NULL OPTIONS (description = 'Model chosen by backtest'),
  value FLOAT64 NOT NULL OPTIONS (description = 'Point forecast'),
  low_80 FLOAT64 OPTIONS (description = 'Lower bound, 80%'),
  high_80 FLOAT64 OPTIONS (description = 'Upper bound, 80%'),
  low_95 FLOAT64 OPTIONS (description = 'Lower bound, 95%'),
  high_95 FLOAT64 OPTIONS (description = 'Upper bound, 95%'),
  mase FLOAT64 OPTIONS (description = 'Backtest error against the seasonal-naive forecast'),
  coverage_80 FLOAT64 OPTIONS (description = 'Share of backtest days inside the 80% interval'),
  PRIMARY KEY (series, made_on, date) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY series
OPTIONS (description = 'Forecasts with their intervals and backtest.');
