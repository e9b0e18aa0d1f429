"""What Terraform declares: HCL and state or plan documents to rows of `declared_resources`."""
