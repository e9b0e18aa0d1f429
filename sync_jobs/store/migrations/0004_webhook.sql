-- Deliveries of the webhook, kept raw before they are answered.
CREATE TABLE webhook_deliveries (
  "delivery_id" TEXT NOT NULL,
  "event" TEXT NOT NULL,
  "received_at" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "repository" TEXT,
  "ref" TEXT,
  "commit_sha" TEXT,
  "headers" TEXT,
  "body" BLOB,
  "sync_run_id" TEXT,
  "handled_at" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (delivery_id)
) STRICT;
CREATE INDEX webhook_deliveries_rev ON webhook_deliveries (_rev);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (received_at) WHERE handled_at IS NULL;
