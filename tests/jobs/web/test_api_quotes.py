"""Quotes and receipts on the wire."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from jobs.models import Attempt, Dataset, Job, PlatformStatus, Server
from jobs.states import JobStatus
from tests.jobs.web.test_api import post_job, problem

pytestmark = pytest.mark.django_db


def quote(client: Client, **fields: Any) -> Any:
    return client.post("/api/v1/quotes/", fields, content_type="application/json")


def test_a_quote_needs_only_the_kind_and_the_amount_of_data(client: Client) -> None:
    answer = quote(client, task_type="imageclassification", samples=200, preset="best")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["basis"], told["server"], told["currency"]) == ("rough", "local", "USD")
    assert told["training_seconds"]["low"] < told["training_seconds"]["high"]
    assert told["end"]["low"] < told["end"]["high"]
    assert told["cost"] == {"low": 0, "expected": 0, "high": 0}


def test_a_checked_dataset_says_how_much_there_is(
    client: Client, make_dataset: Callable[..., Dataset]
) -> None:
    few, many = make_dataset(sample_count=20), make_dataset(sample_count=50_000)
    seconds = [
        quote(client, dataset_token=dataset.token).json()["training_seconds"]["expected"]
        for dataset in (few, many)
    ]
    assert seconds[0] < seconds[1]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "task_type"),
        ({"task_type": "imageclassification"}, "samples"),
        ({"task_type": "imageclassification", "samples": 0}, "samples"),
        ({"task_type": "imageclassification", "samples": 10, "epochs": 0}, "epochs"),
        ({"task_type": "imageclassification", "samples": 10, "lane": "fast"}, "lane"),
        ({"task_type": "imageclassification", "samples": 10, "max_minutes": -1}, "max_minutes"),
        ({"task_type": "imageclassification", "samples": 10, "task_name": "x"}, "task_name"),
    ],
)
def test_a_wrong_field_is_named(client: Client, fields: dict[str, Any], wrong: str) -> None:
    assert wrong in problem(quote(client, **fields), 400)["errors"]


def test_a_job_carries_its_terms_and_its_quote_and_later_its_receipt(client: Client, server: Server) -> None:
    answer = post_job(client, max_minutes="7", lane="next_start")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["lane"], told["max_minutes"], told["receipt"]) == ("next_start", 7, None)
    assert told["quote"]["cap_seconds"] == 420
    now = timezone.now()
    job = Job.objects.get()
    Attempt.objects.create(
        job=job, fence=1, server=server, started=now - timedelta(minutes=2), finished=now, price_per_hour=3.0
    )
    Job.objects.update(fence=1, status=JobStatus.FAILED, error="x")
    receipt = client.get(f"/api/v1/jobs/{told['token']}/").json()["receipt"]
    assert (receipt["training_seconds"], receipt["cost"], receipt["final"]) == (120, 0.1, True)
    assert receipt["tries"][0]["server"] == "local"


def test_a_used_up_day_answers_429_with_the_time_to_come_back(client: Client) -> None:
    PlatformStatus.objects.create(pk=1, day_cap_minutes=0)
    answer = post_job(client)
    assert problem(answer, 429)["code"] == "cap_reached"
    assert 0 < int(answer["Retry-After"]) <= 24 * 3600 + 1


def test_operators_set_the_caps_and_money_needs_prices(admin_client: Client, settings: Any) -> None:
    body = {"day_cap_minutes": 90, "job_cap_minutes": 20}
    assert admin_client.patch("/api/v1/status/", body, content_type="application/json").status_code == 200
    assert PlatformStatus.current().day_cap_minutes == 90
    settings.FLASH_COMPUTE = "ec2"
    page = admin_client.post("/admin/jobs/platformstatus/1/change/", {"queue_limit": 10, "day_cap_cost": "5"})
    assert b"FLASH_EC2_PRICES" in page.content
    settings.FLASH_EC2_PRICES = {"ec2": 1.0}
    page = admin_client.post("/admin/jobs/platformstatus/1/change/", {"queue_limit": 10, "day_cap_cost": "5"})
    assert page.status_code == 302
    assert PlatformStatus.current().day_cap_cost == 5


def test_the_admin_shows_the_receipt(
    admin_client: Client, make_job: Callable[..., Job], server: Server
) -> None:
    now = timezone.now()
    job = make_job(fence=1, status=JobStatus.FAILED, error="x")
    Attempt.objects.create(
        job=job, fence=1, server=server, started=now - timedelta(seconds=90), finished=now, price_per_hour=0.0
    )
    page = admin_client.get(f"/admin/jobs/job/{job.pk}/change/")
    assert b"training 90 s" in page.content


def test_strangers_change_no_caps(client: Client) -> None:
    User.objects.create_user("someone", password="x")
    client.login(username="someone", password="x")
    body = {"day_cap_minutes": 1}
    assert client.patch("/api/v1/status/", body, content_type="application/json").status_code == 403
