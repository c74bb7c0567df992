"""A sign of life of the control plane for CloudWatch, where an alarm waits for its absence (deploy/terraform)."""

import logging
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

logger = logging.getLogger(__name__)

METRIC = "Tick"
# `make up` ticks every 15 seconds; the alarm looks at minutes, and each call costs money.
_EVERY_SECONDS = 45.0
_last = float("-inf")


def beat() -> bool:
    """Sends one, if the operator has named a namespace; whether it arrived. Takes ten seconds at most."""
    global _last
    if not settings.FLASH_PULSE_NAMESPACE or time.monotonic() - _last < _EVERY_SECONDS:
        return False
    config = Config(connect_timeout=3, read_timeout=7, retries={"total_max_attempts": 1})
    try:
        client = boto3.session.Session().client(
            "cloudwatch",
            region_name=settings.FLASH_AWS_REGION or None,
            endpoint_url=settings.FLASH_AWS_ENDPOINT or None,
            config=config,
        )
        client.put_metric_data(
            Namespace=settings.FLASH_PULSE_NAMESPACE,
            MetricData=[{"MetricName": METRIC, "Value": 1, "Unit": "Count"}],
        )
        client.close()
    except (BotoCoreError, ClientError) as error:
        # The alarm tells the operator; the sweep itself goes on.
        logger.warning("CloudWatch did not take the sign of life: %s", error)
        return False
    _last = time.monotonic()
    return True
