# The first stage: applied by hand once, by the pipeline from then on. The states are kept in the bucket of backups.

locals {
  state_project = "sample-terraform-state"
}

module "state_bucket" {
  source   = "../modules/bucket"
  project  = local.state_project
  name     = "${local.state_project}-backup-07"
  location = "EU"
  labels   = { env = "prod", team = "platform" }
}

resource "google_service_account" "terraform" {
  project      = local.state_project
  account_id   = "terraform"
  display_name = "Applies the landing zone"
}

resource "google_organization_iam_member" "terraform" {
  for_each = toset([
    "roles/resourcemanager.folderAdmin",
    "roles/resourcemanager.projectCreator",
    "roles/logging.configWriter",
  ])
  org_id = var.organization_id
  role   = each.value
  member = "serviceAccount:${google_service_account.terraform.email}"
}
