module "ssh_through_proxy" {
  source        = "../modules/firewall"
  for_each      = local.networks
  project       = each.value.project
  network       = google_compute_network.shared[each.key].id
  name          = "allow-ssh-iap"
  source_ranges = ["35.235.240.0/20"]
  ports         = ["22"]
}

module "health_checks" {
  source        = "../modules/firewall"
  for_each      = local.networks
  project       = each.value.project
  network       = google_compute_network.shared[each.key].id
  name          = "allow-health-checks"
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  ports         = ["8080"]
}
