variable "project" { type = string }
variable "network" { type = string }
variable "name" { type = string }
variable "source_ranges" { type = list(string) }
variable "ports" { type = list(string) }

resource "google_compute_firewall" "this" {
  project       = var.project
  network       = var.network
  name          = var.name
  direction     = "INGRESS"
  source_ranges = var.source_ranges

  allow {
    protocol = "tcp"
    ports    = var.ports
  }

  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
