"""The commands of `python -m sync_jobs`. Each module imports what is heavy only inside the command."""
