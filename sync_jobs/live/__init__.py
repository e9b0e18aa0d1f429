"""Events to whoever listens: the WebSocket of the sidecar."""
