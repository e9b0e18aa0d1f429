-- What BigQuery holds already, per dataset and table. `rev` and `epoch` are those of the rows written last, `files` (JSON)
-- the Parquet files. `created` is when the table in BigQuery was made: one made anew is filled anew. `series` makes
-- job ids of one home and filling unlike those of any other.
CREATE TABLE mirror (
  target TEXT NOT NULL,
  table_name TEXT NOT NULL,
  created TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  series TEXT NOT NULL,
  rev INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  files TEXT NOT NULL,
  mirrored_at INTEGER NOT NULL,
  PRIMARY KEY (target, table_name)
) STRICT;
