# Even numbers are public zones, odd ones are seen inside only.

locals {
  zones = { for number in range(16) : format("zone-%02d", number) => {
    prefix = number % 2 == 0 ? "pub" : "int"
    number = number
  } }
}

resource "google_dns_managed_zone" "zone" {
  for_each   = local.zones
  project    = "sample-dns-hub"
  name       = each.key
  dns_name   = "${each.value.prefix}${each.value.number}.sample-lz.example."
  visibility = each.value.prefix == "pub" ? "public" : "private"
  labels     = { env = "prod", team = "platform" }

  dnssec_config {
    state = each.value.prefix == "pub" ? "on" : "off"
  }
}
