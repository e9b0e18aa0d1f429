-- Deliveries of GitHub's webhooks that were signed with the portal's secret, as they came.
CREATE TABLE IF NOT EXISTS webhook_deliveries (
  delivery_id STRING NOT NULL OPTIONS (description = 'X-GitHub-Delivery: the same id again changes nothing'),
  event STRING NOT NULL OPTIONS (description = 'X-GitHub-Event: push, repository_dispatch, ping, ...'),
  received_at TIMESTAMP NOT NULL OPTIONS (description = 'When it was stored, before it was answered'),
  status STRING NOT NULL OPTIONS (description = 'accepted: a sync serves it; ignored: nothing was to be done'),
  reason STRING NOT NULL OPTIONS (description = 'Why it was accepted or ignored'),
  repository STRING OPTIONS (description = 'OWNER/NAME as the delivery says'),
  ref STRING OPTIONS (description = 'Branch or ref as the delivery says'),
  commit_sha STRING OPTIONS (description = 'Commit as the delivery says; what is fetched is the branch, whatever it says'),
  headers JSON OPTIONS (description = 'Headers of GitHub and the content type, without the signature'),
  body BYTES OPTIONS (description = 'The body as it came; null once it is 30 days old'),
  sync_run_id STRING OPTIONS (description = 'Run of the git layer that served it; null until that started'),
  handled_at TIMESTAMP OPTIONS (description = 'When that run had ended, or when it was ignored; null: it waits'),
  PRIMARY KEY (delivery_id) NOT ENFORCED
)
PARTITION BY DATE(received_at)
CLUSTER BY event
OPTIONS (description = 'Deliveries of GitHub that were signed with the secret of the portal, as they came.');
