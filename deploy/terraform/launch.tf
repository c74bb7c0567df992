# What a training server is made from. Nothing reaches it; it reaches PostgreSQL, Redis, the bucket and package indexes.

resource "aws_security_group" "trainer" {
  name        = "${var.tag}-trainer"
  description = "Flash training servers: nothing comes in"
  vpc_id      = var.vpc

  dynamic "egress" {
    for_each = var.egress_ports

    content {
      description = "Packages, S3, PostgreSQL, Redis"
      from_port   = egress.value
      to_port     = egress.value
      protocol    = "tcp"
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_launch_template" "trainer" {
  name                                 = "${var.tag}-trainer"
  image_id                             = var.image
  instance_type                        = var.instance_type
  instance_initiated_shutdown_behavior = "terminate"
  update_default_version               = true
  vpc_security_group_ids               = [aws_security_group.trainer.id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.trainer.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/sda1"

    ebs {
      volume_size           = var.disk_gb
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  user_data = base64encode(join("\n", [
    "#!/bin/sh",
    "export FLASH_REPOSITORY='${var.repository}' FLASH_REF='${var.ref}' FLASH_ENV_PARAMETER='${var.env_parameter}'",
    "export AWS_DEFAULT_REGION='${var.region}'",
    file("${path.module}/../server/user-data.sh"),
  ]))
}
