# Keys of the whole landing zone. They turn every 90 days.

locals {
  rings = toset(["backup", "disks", "secrets"])
  keys = {
    for pair in setproduct(local.rings, range(6)) : "${pair[0]}-${pair[1]}" => { ring = pair[0], number = pair[1] }
  }
}

resource "google_kms_key_ring" "ring" {
  for_each = local.rings
  project  = "sample-sec-kms"
  name     = each.value
  location = "europe-west1"
}

resource "google_kms_crypto_key" "key" {
  for_each        = local.keys
  name            = format("key-%02d", each.value.number)
  key_ring        = google_kms_key_ring.ring[each.value.ring].id
  purpose         = "ENCRYPT_DECRYPT"
  rotation_period = "7776000s"
  labels          = { env = "prod", team = "security" }
}
