output "environment" {
  description = "For /etc/flash/env of the web server."

  value = join("\n", [
    "FLASH_COMPUTE=ec2",
    "AWS_REGION=${var.region}",
    "FLASH_S3_BUCKET=${aws_s3_bucket.files.id}",
    "FLASH_EC2_TAG=${var.tag}",
    "FLASH_EC2_LAUNCH_TEMPLATE=${aws_launch_template.trainer.name}",
    "FLASH_PULSE_NAMESPACE=Flash/${var.tag}",
  ])
}

output "control_profile" {
  description = "The instance profile of the machine that runs web and control workers."
  value       = aws_iam_instance_profile.control.name
}
