locals {
  top      = toset(["platform", "security", "products", "sandbox"])
  products = toset(["orders", "catalog", "payments", "insights", "fulfilment", "login"])
}

resource "google_folder" "top" {
  for_each     = local.top
  display_name = each.value
  parent       = "organizations/${var.organization_id}"
}

resource "google_folder" "product" {
  for_each     = local.products
  display_name = each.value
  parent       = google_folder.top["products"].name
}
