# Set on the organisation, so they hold everywhere unless a folder or project says otherwise.

locals {
  enforced = toset([
    "compute.requireOsLogin",
    "compute.skipDefaultNetworkCreation",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "iam.disableServiceAccountKeyCreation",
    "sql.restrictPublicIp",
    "storage.publicAccessPrevention",
    "storage.uniformBucketLevelAccess",
  ])
}

resource "google_org_policy_policy" "enforced" {
  for_each = local.enforced
  name     = "organizations/${var.organization_id}/policies/${each.value}"
  parent   = "organizations/${var.organization_id}"

  spec {
    rules {
      enforce = "TRUE"
    }
  }
}
