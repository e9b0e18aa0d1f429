"""Compliance rules: files of sql/policies and of the landing zone, run in bulk over the assets."""
