locals {
  ssh = {
    for pair in setproduct(keys(local.networks), [9, 14, 24, 34]) :
    "${pair[0]}-${pair[1]}" => { env = pair[0], name = format("allow-ssh-iap-%03d", pair[1]) }
  }
}

module "ssh_through_proxy" {
  source        = "../modules/firewall"
  for_each      = local.ssh
  project       = local.networks[each.value.env].project
  network       = google_compute_network.shared[each.value.env].id
  name          = each.value.name
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
