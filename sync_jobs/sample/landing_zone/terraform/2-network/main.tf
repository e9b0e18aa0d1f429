locals {
  regions = ["europe-west1", "europe-west3", "europe-west4", "us-central1"]
  teams   = ["platform", "security", "orders", "catalog", "payments", "insights", "fulfilment", "login"]
  networks = {
    prod    = { project = "sample-net-host-prod", second = 10 }
    nonprod = { project = "sample-net-host-nonprod", second = 20 }
  }
  subnets = merge([
    for env, network in local.networks : merge([
      for t, team in local.teams : {
        for r, region in local.regions : "${env}-${team}-${region}" => {
          env     = env
          project = network.project
          region  = region
          range   = "10.${network.second + r}.${t * 16}.0/20"
        }
      }
    ]...)
  ]...)
}

resource "google_compute_network" "shared" {
  for_each                = local.networks
  project                 = each.value.project
  name                    = "vpc-${each.key}"
  auto_create_subnetworks = false
  routing_mode            = "GLOBAL"
}

resource "google_compute_subnetwork" "team" {
  for_each                 = local.subnets
  project                  = each.value.project
  name                     = each.key
  region                   = each.value.region
  network                  = google_compute_network.shared[each.value.env].id
  ip_cidr_range            = each.value.range
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_5_SEC"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}
