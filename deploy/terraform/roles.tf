# Two roles. The control role starts and stops machines with our tag and no others; a training server may do neither: it
# goes off by its own poweroff.

# What the site keeps, by the folders that it keeps it in; whatever else lies in the bucket it can neither read nor delete.
# A new folder in the code needs its name here.
data "aws_iam_policy_document" "files" {
  statement {
    sid     = "Objects"
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]

    resources = [
      "${aws_s3_bucket.files.arn}/datasets/*",
      "${aws_s3_bucket.files.arn}/jobs/*",
      "${aws_s3_bucket.files.arn}/shared/*",
      "${aws_s3_bucket.files.arn}/checkpoints/*",
      "${aws_s3_bucket.files.arn}/batches/*",
      "${aws_s3_bucket.files.arn}/batch-uploads/*",
      "${aws_s3_bucket.files.arn}/check-*",
    ]
  }

  statement {
    sid       = "Incoming"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.files.arn}/incoming/*"]
  }

  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.files.arn]
  }
}

# A training server meets strangers' data: it reads what jobs need, and writes and deletes what jobs make, no more.
data "aws_iam_policy_document" "job_files" {
  statement {
    sid     = "Read"
    actions = ["s3:GetObject"]

    resources = [
      "${aws_s3_bucket.files.arn}/datasets/*",
      "${aws_s3_bucket.files.arn}/jobs/*",
      "${aws_s3_bucket.files.arn}/shared/*",
      "${aws_s3_bucket.files.arn}/checkpoints/*",
    ]
  }

  statement {
    sid     = "Write"
    actions = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]

    resources = [
      "${aws_s3_bucket.files.arn}/jobs/*",
      "${aws_s3_bucket.files.arn}/shared/*",
      "${aws_s3_bucket.files.arn}/checkpoints/*",
    ]
  }

  statement {
    sid       = "Bucket"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.files.arn]
  }
}

data "aws_iam_policy_document" "control" {
  source_policy_documents = [data.aws_iam_policy_document.files.json]

  # AWS knows no narrower permission to look.
  statement {
    sid       = "Look"
    actions   = ["ec2:DescribeInstances", "ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"]
    resources = ["*"]
  }

  statement {
    sid       = "SwitchOurs"
    actions   = ["ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances"]
    resources = ["${local.arn_ec2}:instance/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/flash:installation"
      values   = [var.tag]
    }
  }

  # A launch makes an instance and its volumes, both with our tag, from our template and from nothing else.
  statement {
    sid       = "LaunchOurs"
    actions   = ["ec2:RunInstances"]
    resources = ["${local.arn_ec2}:instance/*", "${local.arn_ec2}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/flash:installation"
      values   = [var.tag]
    }

    condition {
      test     = "ArnEquals"
      variable = "ec2:LaunchTemplate"
      values   = [aws_launch_template.trainer.arn]
    }
  }

  statement {
    sid     = "LaunchFrom"
    actions = ["ec2:RunInstances"]

    resources = [
      aws_launch_template.trainer.arn,
      aws_security_group.trainer.arn,
      "${local.arn_ec2}:subnet/*",
      "${local.arn_ec2}:network-interface/*",
      "${local.arn_ec2}:spot-instances-request/*",
      "arn:${data.aws_partition.current.partition}:ec2:${var.region}::image/${var.image}",
      "${local.arn_ec2}:image/${var.image}",
    ]

    condition {
      test     = "ArnEquals"
      variable = "ec2:LaunchTemplate"
      values   = [aws_launch_template.trainer.arn]
    }
  }

  statement {
    sid       = "TagAtLaunch"
    actions   = ["ec2:CreateTags"]
    resources = ["${local.arn_ec2}:instance/*", "${local.arn_ec2}:volume/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["RunInstances"]
    }
  }

  statement {
    sid       = "GiveTrainersTheirRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.trainer.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com"]
    }
  }

  statement {
    sid       = "Pulse"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Flash/${var.tag}"]
    }
  }
}

data "aws_iam_policy_document" "trainer" {
  source_policy_documents = [data.aws_iam_policy_document.job_files.json]

  statement {
    sid       = "ItsEnvironment"
    actions   = ["ssm:GetParameter"]
    resources = ["${local.arn_ssm}:parameter${var.env_parameter}"]
  }

  statement {
    sid       = "DecryptItsEnvironment"
    actions   = ["kms:Decrypt"]
    resources = ["arn:${data.aws_partition.current.partition}:kms:${var.region}:${local.account}:key/*"]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ssm.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:PARAMETER_ARN"
      values   = ["${local.arn_ssm}:parameter${var.env_parameter}"]
    }
  }
}

data "aws_iam_policy_document" "assumed_by" {
  for_each = { control = var.control_principal, trainer = "ec2.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "control" {
  name               = "${var.tag}-control"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["control"].json
}

resource "aws_iam_role_policy" "control" {
  name   = "flash"
  role   = aws_iam_role.control.id
  policy = data.aws_iam_policy_document.control.json
}

resource "aws_iam_instance_profile" "control" {
  name = "${var.tag}-control"
  role = aws_iam_role.control.name
}

resource "aws_iam_role" "trainer" {
  name               = "${var.tag}-trainer"
  assume_role_policy = data.aws_iam_policy_document.assumed_by["trainer"].json
}

resource "aws_iam_role_policy" "trainer" {
  name   = "flash"
  role   = aws_iam_role.trainer.id
  policy = data.aws_iam_policy_document.trainer.json
}

resource "aws_iam_instance_profile" "trainer" {
  name = "${var.tag}-trainer"
  role = aws_iam_role.trainer.name
}
