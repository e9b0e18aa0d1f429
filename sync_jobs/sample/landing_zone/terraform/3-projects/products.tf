locals {
  products = {
    orders     = ["dev", "test", "prod"]
    catalog    = ["dev", "test", "prod"]
    payments   = ["dev", "test", "prod"]
    insights   = ["dev", "test", "prod"]
    fulfilment = ["dev", "test", "prod"]
    login      = ["dev", "prod"]
  }
  short = { fulfilment = "fulfil" }
  projects = merge([
    for product, envs in local.products : {
      for env in envs : "sample-${lookup(local.short, product, product)}-${env}" => { product = product, env = env }
    }
  ]...)
}

module "product" {
  source   = "../modules/project"
  for_each = local.projects
  id       = each.key
  folder   = each.value.product
  labels   = { env = each.value.env, team = each.value.product }
}
