resource "google_compute_router" "nat" {
  for_each = toset(local.regions)
  project  = "sample-net-host-prod"
  name     = "nat-${each.value}"
  region   = each.value
  network  = google_compute_network.shared["prod"].id
}

resource "google_compute_router_nat" "nat" {
  for_each                           = toset(local.regions)
  project                            = "sample-net-host-prod"
  name                               = "nat-${each.value}"
  router                             = google_compute_router.nat[each.value].name
  region                             = each.value
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}
