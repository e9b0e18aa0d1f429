variable "id" { type = string }
variable "folder" { type = string }
variable "labels" { type = map(string) }
variable "budget" {
  type    = number
  default = 20000
}

resource "google_project" "this" {
  project_id          = var.id
  name                = replace(trimprefix(var.id, "sample-"), "-", " ")
  folder_id           = data.google_active_folder.parent.name
  labels              = var.labels
  auto_create_network = false
}

data "google_active_folder" "parent" {
  display_name = var.folder
  parent       = "organizations/900000000001"
}

resource "google_project_service" "base" {
  for_each           = toset(["compute", "iam", "logging", "monitoring", "cloudasset", "secretmanager"])
  project            = google_project.this.project_id
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

output "number" {
  value = google_project.this.number
}
