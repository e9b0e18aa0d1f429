"""Layer 2b: what Terraform declares against what the cloud has."""
