resource "google_logging_organization_sink" "audit" {
  name             = "central-audit"
  org_id           = var.organization_id
  include_children = true
  destination      = "logging.googleapis.com/projects/sample-sec-logging/locations/global/buckets/central"
  filter           = "logName:\"cloudaudit.googleapis.com\""
}
