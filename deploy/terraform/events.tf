# New data under incoming/<token>/ retrains that model: EventBridge posts each event to the site, with an API key.

resource "aws_s3_bucket_notification" "files" {
  count       = var.hook_key == "" ? 0 : 1
  bucket      = aws_s3_bucket.files.id
  eventbridge = true
}

resource "aws_cloudwatch_event_rule" "incoming" {
  count = var.hook_key == "" ? 0 : 1
  name  = "${var.tag}-incoming"

  event_pattern = jsonencode({
    source        = ["aws.s3"]
    "detail-type" = ["Object Created"]

    detail = {
      bucket = { name = [var.bucket] }
      object = { key = [{ prefix = "incoming/" }] }
    }
  })
}

resource "aws_cloudwatch_event_connection" "site" {
  count              = var.hook_key == "" ? 0 : 1
  name               = "${var.tag}-site"
  authorization_type = "API_KEY"

  auth_parameters {
    api_key {
      key   = "Authorization"
      value = "Bearer ${var.hook_key}"
    }
  }
}

resource "aws_cloudwatch_event_api_destination" "site" {
  count                            = var.hook_key == "" ? 0 : 1
  name                             = "${var.tag}-site"
  connection_arn                   = aws_cloudwatch_event_connection.site[0].arn
  invocation_endpoint              = "${var.site}/api/v1/hooks/s3/"
  http_method                      = "POST"
  invocation_rate_limit_per_second = 1
}

data "aws_iam_policy_document" "events_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "events" {
  count = var.hook_key == "" ? 0 : 1

  statement {
    sid       = "PostToTheSite"
    actions   = ["events:InvokeApiDestination"]
    resources = [aws_cloudwatch_event_api_destination.site[0].arn]
  }
}

resource "aws_iam_role" "events" {
  count              = var.hook_key == "" ? 0 : 1
  name               = "${var.tag}-events"
  assume_role_policy = data.aws_iam_policy_document.events_assume.json
}

resource "aws_iam_role_policy" "events" {
  count  = var.hook_key == "" ? 0 : 1
  name   = "flash"
  role   = aws_iam_role.events[0].id
  policy = data.aws_iam_policy_document.events[0].json
}

resource "aws_cloudwatch_event_target" "site" {
  count    = var.hook_key == "" ? 0 : 1
  rule     = aws_cloudwatch_event_rule.incoming[0].name
  arn      = aws_cloudwatch_event_api_destination.site[0].arn
  role_arn = aws_iam_role.events[0].arn
}
