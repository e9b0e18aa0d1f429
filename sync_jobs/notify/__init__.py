"""Messages to people about what the sidecar did. They never hold up or fail what they tell of."""
