# Projects of the platform and security teams.

locals {
  platform = {
    platform = ["net-host-prod", "net-host-nonprod", "dns-hub", "cicd", "artifacts", "observability", "terraform-state", "shared-gke"]
    security = ["sec-logging", "sec-kms", "sec-scanner", "sec-audit"]
  }
  platform_projects = merge([
    for team, names in local.platform : { for name in names : "sample-${name}" => team }
  ]...)
}

module "platform" {
  source   = "../modules/project"
  for_each = local.platform_projects
  id       = each.key
  folder   = each.value
  labels   = { env = "prod", team = each.value }
}
