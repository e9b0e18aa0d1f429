-- What Terraform declares, in full, and how much of the infrastructure is under code. No version before wrote either table;
-- drift itself is a Parquet table now.
DROP TABLE declared_resources;
CREATE TABLE declared_resources (
  "address" TEXT NOT NULL,
  "resource_type" TEXT NOT NULL,
  "path" TEXT NOT NULL,
  "line" INTEGER,
  "module" TEXT,
  "asset_type" TEXT,
  "asset_name" TEXT,
  "match_key" TEXT,
  "project_id" TEXT,
  "attributes" TEXT,
  "unknown" TEXT,
  "resolution" TEXT NOT NULL,
  "reasons" TEXT,
  "origin" TEXT NOT NULL,
  "commit_sha" TEXT NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (address)
) STRICT;
CREATE INDEX declared_resources_rev ON declared_resources (_rev);
DROP TABLE drift;
CREATE TABLE drift_daily (
  "date" TEXT NOT NULL,
  "project_id" TEXT NOT NULL,
  "asset_type" TEXT NOT NULL,
  "managed" INTEGER NOT NULL,
  "changed" INTEGER NOT NULL,
  "missing" INTEGER NOT NULL,
  "unmanaged" INTEGER NOT NULL,
  "unknown" INTEGER NOT NULL,
  "run_id" TEXT NOT NULL,
  _rev INTEGER NOT NULL,
  PRIMARY KEY (date, project_id, asset_type)
) STRICT;
CREATE INDEX drift_daily_rev ON drift_daily (_rev);
