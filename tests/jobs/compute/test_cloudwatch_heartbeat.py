"""The sign of life for CloudWatch: sent where it is wanted, and never in the way of the sweep."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.core.management import call_command

from jobs.compute import cloudwatch_heartbeat


@pytest.fixture(autouse=True)
def _never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch_heartbeat, "_last", float("-inf"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


@pytest.fixture
def cloudwatch(s3_server: str, settings: Any) -> Iterator[Any]:
    settings.FLASH_PULSE_NAMESPACE = "Flash/tests"
    settings.FLASH_AWS_REGION, settings.FLASH_AWS_ENDPOINT = "eu-west-1", s3_server
    client = boto3.client("cloudwatch", region_name="eu-west-1", endpoint_url=s3_server)
    yield client
    client.close()


def test_a_tick_is_counted_once_a_minute(db: None, cloudwatch: Any) -> None:
    call_command("tick", verbosity=0)
    assert not cloudwatch_heartbeat.beat(), "the next one comes later"
    found = cloudwatch.list_metrics(Namespace="Flash/tests")["Metrics"]
    assert [metric["MetricName"] for metric in found] == [cloudwatch_heartbeat.METRIC]


def test_nothing_is_sent_unless_it_is_wanted(settings: Any) -> None:
    settings.FLASH_AWS_ENDPOINT = "http://127.0.0.1:1"
    assert not cloudwatch_heartbeat.beat()


def test_a_cloudwatch_that_does_not_answer_costs_the_sweep_nothing(db: None, settings: Any) -> None:
    settings.FLASH_PULSE_NAMESPACE = "Flash/tests"
    settings.FLASH_AWS_REGION, settings.FLASH_AWS_ENDPOINT = "eu-west-1", "http://127.0.0.1:1"
    call_command("tick", verbosity=0)
