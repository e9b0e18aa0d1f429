# Sandboxes are for trying things. They are not connected to the shared networks, and cost alerts are tight.

module "sandbox" {
  source   = "../modules/project"
  for_each = toset(["aster", "birch", "cedar", "dahlia", "elm", "fern"])
  id       = "sample-sbx-${each.value}"
  folder   = "sandbox"
  budget   = 2000
  labels   = { env = "sandbox", team = "sandbox" }
}
