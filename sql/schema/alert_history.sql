-- What became of alerts, and who did something about them. Nothing in it is changed later.
CREATE TABLE IF NOT EXISTS alert_history (
  history_id STRING NOT NULL OPTIONS (description = 'Id of the row'),
  happened_at TIMESTAMP NOT NULL OPTIONS (description = 'When'),
  alert_id STRING NOT NULL OPTIONS (description = 'Alert; of tests of a channel: test'),
  rule STRING NOT NULL OPTIONS (description = 'File in sql/alerts; of tests the channel'),
  subject STRING NOT NULL OPTIONS (description = 'What was wrong'),
  severity STRING NOT NULL OPTIONS (description = 'critical, high, medium or low'),
  what STRING NOT NULL OPTIONS (description = 'fired, worse (its severity rose), resolved, acknowledged, silenced, silence ended or tested'),
  who STRING OPTIONS (description = 'Who did it; null: the portal itself'),
  note STRING OPTIONS (description = 'Why, in their words'),
  summary STRING NOT NULL OPTIONS (description = 'One sentence, of then'),
  PRIMARY KEY (history_id) NOT ENFORCED
)
PARTITION BY DATE(happened_at)
CLUSTER BY rule
OPTIONS (description = 'What became of alerts, and who did something about them.');
