variable "project" { type = string }
variable "name" { type = string }
variable "location" { type = string }
variable "labels" { type = map(string) }

resource "google_storage_bucket" "this" {
  project                     = var.project
  name                        = var.name
  location                    = var.location
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }
}
