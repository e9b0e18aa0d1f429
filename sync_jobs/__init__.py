"""The sidecar: the layers, the clock that runs them, and the stores they write."""
