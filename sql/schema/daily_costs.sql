-- Cost per day, project, service, SKU and location.
CREATE TABLE IF NOT EXISTS daily_costs (
  date DATE NOT NULL OPTIONS (description = 'Day of usage (UTC)'),
  project_id STRING NOT NULL OPTIONS (description = 'Project; empty for costs outside projects'),
  service STRING NOT NULL OPTIONS (description = 'Service'),
  sku STRING NOT NULL OPTIONS (description = 'SKU'),
  location STRING NOT NULL OPTIONS (description = 'Location; empty where there is none'),
  currency STRING NOT NULL OPTIONS (description = 'Currency of the amounts'),
  cost NUMERIC NOT NULL OPTIONS (description = 'Cost before credits'),
  credits NUMERIC NOT NULL OPTIONS (description = 'Credits, negative'),
  net_cost NUMERIC NOT NULL OPTIONS (description = 'cost + credits'),
  run_id STRING NOT NULL OPTIONS (description = 'Run that wrote it'),
  PRIMARY KEY (date, project_id, service, sku, location, currency) NOT ENFORCED
)
PARTITION BY date
CLUSTER BY project_id, service
OPTIONS (description = 'Cost per day, project, service, SKU and location.');
