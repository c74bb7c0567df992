# Outside of everything: these hold when Flash itself is dead.

resource "aws_sns_topic" "alarms" {
  name = "${var.tag}-alarms"
}

resource "aws_sns_topic_subscription" "email" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# manage.py tick sends one a minute (FLASH_PULSE_NAMESPACE). Silence is the alarm.
resource "aws_cloudwatch_metric_alarm" "silent" {
  alarm_name          = "${var.tag}-control-plane-silent"
  alarm_description   = "No pass of Flash's control plane for ten minutes. Machines go off by their watchdogs; look why."
  namespace           = "Flash/${var.tag}"
  metric_name         = "Tick"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_budgets_budget" "monthly" {
  name         = "${var.tag}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  # Activate the tag flash:installation under "cost allocation tags" once, or nothing is counted.
  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:flash:installation$%s", var.tag)]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = [var.alarm_email]
    }
  }
}
