-- Rules in full, and waivers. Findings and the figures of days are Parquet tables now; no version before wrote any of them.
DROP TABLE violations;
DROP TABLE compliance_daily;
DROP TABLE policies;
CREATE TABLE policies (
  "policy_id" TEXT NOT NULL,
  "rule_id" TEXT NOT NULL,
  "title" TEXT NOT NULL,
  "description" TEXT,
  "service" TEXT NOT NULL,
  "severity" TEXT NOT NULL,
  "asset_types" TEXT,
  "frameworks" TEXT,
  "params" TEXT,
  "rationale" TEXT,
  "remediation" TEXT,
  "covers" TEXT,
  "defaults" TEXT,
  "source" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "enabled" INTEGER NOT NULL,
  "error" TEXT,
  "passed" INTEGER,
  "failed" INTEGER,
  "waived" INTEGER,
  "unknown" INTEGER,
  "duration_seconds" REAL,
  "run_id" TEXT,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (policy_id)
) STRICT;
CREATE INDEX policies_rev ON policies (_rev);
CREATE TABLE waivers (
  "waiver_id" TEXT NOT NULL,
  "policy_id" TEXT NOT NULL,
  "asset" TEXT NOT NULL,
  "reason" TEXT NOT NULL,
  "owner" TEXT NOT NULL,
  "expires_on" TEXT NOT NULL,
  "findings" INTEGER NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (waiver_id)
) STRICT;
CREATE INDEX waivers_rev ON waivers (_rev);
