terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.60"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { "flash:installation" = var.tag }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  arn_ec2 = "arn:${data.aws_partition.current.partition}:ec2:${var.region}:${local.account}"
  arn_ssm = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${local.account}"
}
