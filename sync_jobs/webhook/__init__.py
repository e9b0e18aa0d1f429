"""GitHub's webhooks: checked, kept on the disk before they are answered, and served by one sync for many."""
