"""The only code that writes: the local cache and BigQuery."""
