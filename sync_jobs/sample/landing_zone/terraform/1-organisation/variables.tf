variable "organization_id" {
  description = "Number of the organisation"
  type        = string
  default     = "900000000001"
}
