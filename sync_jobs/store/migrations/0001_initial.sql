-- The first shape of state.sqlite. Tables mirror sql/schema; TIMESTAMP is INTEGER microseconds UTC,
-- DATE is ISO text, JSON and ARRAY are JSON text, NUMERIC is decimal text.
-- _rev is the revision of the transaction that wrote the row: readers pull what is newer than they have.

CREATE TABLE alerts (
  "alert_id" TEXT NOT NULL,
  "rule" TEXT NOT NULL,
  "subject" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "summary" TEXT NOT NULL,
  "fired_at" INTEGER NOT NULL,
  "resolved_at" INTEGER,
  "acknowledged_by" TEXT,
  "silenced_until" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (alert_id)
) STRICT;
CREATE INDEX alerts_rev ON alerts (_rev);

CREATE TABLE anomalies (
  "series" TEXT NOT NULL,
  "date" TEXT NOT NULL,
  "value" REAL NOT NULL,
  "expected" REAL,
  "low" REAL,
  "high" REAL,
  "contributors" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (series, date)
) STRICT;
CREATE INDEX anomalies_rev ON anomalies (_rev);

CREATE TABLE compliance_daily (
  "date" TEXT NOT NULL,
  "project_id" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "passed" INTEGER NOT NULL,
  "failed" INTEGER NOT NULL,
  "unknown" INTEGER NOT NULL,
  "score" REAL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (date, project_id, severity)
) STRICT;
CREATE INDEX compliance_daily_rev ON compliance_daily (_rev);

CREATE TABLE daily_costs (
  "date" TEXT NOT NULL,
  "project_id" TEXT NOT NULL,
  "service" TEXT NOT NULL,
  "sku" TEXT NOT NULL,
  "location" TEXT NOT NULL,
  "currency" TEXT NOT NULL,
  "cost" TEXT NOT NULL,
  "credits" TEXT NOT NULL,
  "net_cost" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (date, project_id, service, sku, location, currency)
) STRICT;
CREATE INDEX daily_costs_rev ON daily_costs (_rev);

CREATE TABLE daily_metrics (
  "date" TEXT NOT NULL,
  "source" TEXT NOT NULL,
  "total_resources" INTEGER,
  "resources_with_violations" INTEGER,
  "total_cost" REAL,
  "avg_compliance_score" REAL,
  "created_at" INTEGER NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (date, source)
) STRICT;
CREATE INDEX daily_metrics_rev ON daily_metrics (_rev);

CREATE TABLE dead_letters (
  "dead_letter_id" TEXT NOT NULL,
  "received_at" INTEGER NOT NULL,
  "layer" TEXT NOT NULL,
  "run_id" TEXT,
  "source" TEXT NOT NULL,
  "position" TEXT,
  "reason" TEXT NOT NULL,
  "size_bytes" INTEGER NOT NULL,
  "raw" BLOB,
  "raw_file" TEXT,
  "status" TEXT NOT NULL,
  "resolved_by" TEXT,
  "resolved_at" INTEGER,
  "resolution" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (dead_letter_id)
) STRICT;
CREATE INDEX dead_letters_rev ON dead_letters (_rev);

CREATE TABLE declared_resources (
  "address" TEXT NOT NULL,
  "resource_type" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "line" INTEGER,
  "asset_name" TEXT,
  "attributes" TEXT,
  "unknown" TEXT,
  "commit_sha" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (address)
) STRICT;
CREATE INDEX declared_resources_rev ON declared_resources (_rev);

CREATE TABLE drift (
  "drift_id" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "address" TEXT,
  "asset_name" TEXT,
  "asset_type" TEXT,
  "project_id" TEXT,
  "path" TEXT,
  "line" INTEGER,
  "differences" TEXT,
  "detected_at" INTEGER NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (drift_id)
) STRICT;
CREATE INDEX drift_rev ON drift (_rev);

CREATE TABLE events (
  "event_id" TEXT NOT NULL,
  "seq" INTEGER NOT NULL,
  "event_time" INTEGER NOT NULL,
  "received_at" INTEGER NOT NULL,
  "event_type" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "project_id" TEXT,
  "asset_name" TEXT,
  "asset_type" TEXT,
  "actor" TEXT,
  "summary" TEXT NOT NULL,
  "source" TEXT NOT NULL,
  "before" TEXT,
  "after" TEXT,
  "raw" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (event_id)
) STRICT;
CREATE INDEX events_rev ON events (_rev);

CREATE TABLE forecasts (
  "series" TEXT NOT NULL,
  "made_on" TEXT NOT NULL,
  "date" TEXT NOT NULL,
  "model" TEXT NOT NULL,
  "value" REAL NOT NULL,
  "low_80" REAL,
  "high_80" REAL,
  "low_95" REAL,
  "high_95" REAL,
  "mase" REAL,
  "coverage_80" REAL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (series, made_on, date)
) STRICT;
CREATE INDEX forecasts_rev ON forecasts (_rev);

CREATE TABLE git_commits (
  "commit_sha" TEXT NOT NULL,
  "committed_at" INTEGER NOT NULL,
  "author" TEXT,
  "author_email" TEXT,
  "message" TEXT,
  "branch" TEXT,
  "files_changed" TEXT,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (commit_sha)
) STRICT;
CREATE INDEX git_commits_rev ON git_commits (_rev);

CREATE TABLE git_files (
  "path" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "size_bytes" INTEGER NOT NULL,
  "blob_sha" TEXT NOT NULL,
  "title" TEXT,
  "text" TEXT,
  "commit_sha" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (path)
) STRICT;
CREATE INDEX git_files_rev ON git_files (_rev);

CREATE TABLE layer_status (
  "layer" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "configured" INTEGER NOT NULL,
  "reason" TEXT,
  "source" TEXT,
  "schedule" TEXT,
  "freshness_target_seconds" INTEGER,
  "next_sync" INTEGER,
  "sidecar_seen" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (layer)
) STRICT;
CREATE INDEX layer_status_rev ON layer_status (_rev);

CREATE TABLE policies (
  "policy_id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "asset_types" TEXT,
  "frameworks" TEXT,
  "enabled" INTEGER NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (policy_id)
) STRICT;
CREATE INDEX policies_rev ON policies (_rev);

CREATE TABLE sync_runs (
  "run_id" TEXT NOT NULL,
  "layer" TEXT NOT NULL,
  "trigger" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "started_at" INTEGER NOT NULL,
  "finished_at" INTEGER,
  "sync_duration_seconds" REAL,
  "items_synced" INTEGER NOT NULL,
  "items_failed" INTEGER NOT NULL,
  "error_messages" TEXT,
  "hint" TEXT,
  "missed" TEXT,
  "attempt" INTEGER NOT NULL,
  "source" TEXT,
  "details" TEXT,
  "fence" INTEGER,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (run_id)
) STRICT;
CREATE INDEX sync_runs_rev ON sync_runs (_rev);

CREATE TABLE violations (
  "policy_id" TEXT NOT NULL,
  "asset_name" TEXT NOT NULL,
  "asset_type" TEXT,
  "project_id" TEXT,
  "severity" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "reason" TEXT,
  "evidence" TEXT,
  "first_seen" INTEGER NOT NULL,
  "last_seen" INTEGER NOT NULL,
  "resolved_at" INTEGER,
  "waived_until" INTEGER,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (policy_id, asset_name)
) STRICT;
CREATE INDEX violations_rev ON violations (_rev);

CREATE INDEX sync_runs_layer ON sync_runs (layer, started_at);
CREATE INDEX dead_letters_status ON dead_letters (status, received_at);

-- A reader that holds another epoch of a table reads it anew: rows were removed.
CREATE TABLE table_epochs (table_name TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;

-- Monotonic counters: 'rev', 'fence', 'seq', 'generation'.
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

-- At most one holder per name. fence grows with every acquisition, so that a late writer can be refused.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  fence INTEGER NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_started TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Facts about the home itself: source_kind and the like. Readers see it as portal_info.
CREATE TABLE portal_info (key TEXT PRIMARY KEY, value TEXT NOT NULL, _rev INTEGER NOT NULL) STRICT;
