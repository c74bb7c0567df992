variable "region" {
  description = "AWS_REGION of the installation."
  type        = string
}

variable "tag" {
  description = "FLASH_EC2_TAG: the value of the tag flash:installation. One for each installation in an account."
  type        = string
  default     = "flash"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,30}$", var.tag))
    error_message = "Use 2 to 31 lower-case letters, digits and hyphens."
  }
}

variable "bucket" {
  description = "FLASH_S3_BUCKET: the name of the bucket, which must be free in all of S3."
  type        = string
}

variable "site" {
  description = "Where browsers see the site; its pages may upload to the bucket."
  type        = string

  validation {
    condition     = can(regex("^https://[^/*]+$", var.site))
    error_message = "Give it as https://flash.example.org, without a path."
  }
}

variable "vpc" {
  description = "The id of the VPC in which PostgreSQL and Redis can be reached."
  type        = string
}

variable "image" {
  description = "The id of an image on which deploy/server/setup.sh has run (deploy/server/README.md, The first boot). A plain Debian 12 or Ubuntu 24.04 installs itself, which needs FLASH_BOOT_GRACE_SECONDS=840 on the web server."
  type        = string
}

variable "instance_type" {
  description = "What the launch template starts; FLASH_EC2_TYPES may name others."
  type        = string
  default     = "g4dn.xlarge"
}

variable "disk_gb" {
  description = "The size of a training server's disk."
  type        = number
  default     = 60
}

variable "egress_ports" {
  description = "The TCP ports that a training server may reach: packages, S3 and the repository, PostgreSQL, Redis."
  type        = set(number)
  default     = [80, 443, 5432, 6379]
}

variable "repository" {
  description = "Where a training server clones Flash from."
  type        = string

  validation {
    condition     = can(regex("^https://[A-Za-z0-9./_-]+$", var.repository))
    error_message = "Give an https address without credentials."
  }
}

variable "ref" {
  description = "The branch or tag that a training server runs; the web server's."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9./_-]+$", var.ref))
    error_message = "Give a branch or a tag."
  }
}

variable "env_parameter" {
  description = "The SecureString of the SSM parameter store that holds /etc/flash/env of the training servers."
  type        = string
  default     = "/flash/env"

  validation {
    condition     = can(regex("^/[A-Za-z0-9./_-]+$", var.env_parameter))
    error_message = "Begin with a slash."
  }
}

variable "control_principal" {
  description = "Who may take the control role: the service of the machine that runs web and control workers."
  type        = string
  default     = "ec2.amazonaws.com"
}

variable "alarm_email" {
  description = "Who is told when the control plane is silent or money runs away."
  type        = string
}

variable "monthly_budget" {
  description = "In US dollars, for everything with the tag flash:installation."
  type        = number
}

variable "hook_key" {
  description = "An API key of the scope submit, to retrain models from data under incoming/. Empty: no events."
  type        = string
  default     = ""
  sensitive   = true
}
