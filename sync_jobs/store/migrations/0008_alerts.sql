-- Alerts with their life, history, outbox, channels and rules. No version before wrote any alert.
DROP TABLE alerts;
CREATE TABLE alerts (
  "alert_id" TEXT NOT NULL,
  "rule" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "summary" TEXT NOT NULL,
  "link" TEXT,
  "fired_at" INTEGER NOT NULL,
  "firings" INTEGER,
  "told" INTEGER,
  "resolved_at" INTEGER,
  "acknowledged_by" TEXT,
  "acknowledged_at" INTEGER,
  "silenced_by" TEXT,
  "silenced_until" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (alert_id)
) STRICT;
CREATE INDEX alerts_rev ON alerts (_rev);
CREATE TABLE alert_history (
  "history_id" TEXT NOT NULL,
  "happened_at" INTEGER NOT NULL,
  "alert_id" TEXT NOT NULL,
  "rule" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "what" TEXT NOT NULL,
  "who" TEXT,
  "note" TEXT,
  "summary" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (history_id)
) STRICT;
CREATE INDEX alert_history_rev ON alert_history (_rev);
CREATE TABLE alert_messages (
  "message_id" TEXT NOT NULL,
  "seq" INTEGER NOT NULL,
  "channel" TEXT NOT NULL,
  "alert_id" TEXT NOT NULL,
  "what" TEXT NOT NULL,
  "alert" TEXT NOT NULL,
  "created_at" INTEGER NOT NULL,
  "status" TEXT NOT NULL,
  "sent_at" INTEGER,
  "error" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (message_id)
) STRICT;
CREATE INDEX alert_messages_rev ON alert_messages (_rev);
CREATE TABLE alert_channels (
  "channel" TEXT NOT NULL,
  "configured" INTEGER NOT NULL,
  "target" TEXT,
  "least_severity" TEXT NOT NULL,
  "last_sent_at" INTEGER,
  "failures" INTEGER NOT NULL,
  "last_error" TEXT,
  "last_error_at" INTEGER,
  "next_try_at" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (channel)
) STRICT;
CREATE INDEX alert_channels_rev ON alert_channels (_rev);
CREATE TABLE alert_rules (
  "rule" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "description" TEXT,
  "severity" TEXT NOT NULL,
  "enabled" INTEGER NOT NULL,
  "params" TEXT,
  "remediation" TEXT,
  "evaluated_at" INTEGER,
  "duration_seconds" REAL,
  "wrong" INTEGER,
  "error" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (rule)
) STRICT;
CREATE INDEX alert_rules_rev ON alert_rules (_rev);
CREATE INDEX alert_messages_waiting ON alert_messages (channel, seq) WHERE status = 'waiting';
CREATE INDEX alert_history_alert ON alert_history (alert_id, happened_at);
