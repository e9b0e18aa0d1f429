"""The pull request that brings a sync into the portal's own repository."""
