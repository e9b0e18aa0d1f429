"""Alerts: rules in sql/alerts say what is wrong now; what began, what ended, and who is told of it."""
