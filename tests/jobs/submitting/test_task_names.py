"""A task that is given no name gets one, by every way in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, Job
from jobs.submitting import task_names
from modelstore.ground import naming
from tests.jobs.web.test_api import post_job
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def dataset(name: str, *labels: str) -> Dataset:
    classes = [{"label": label, "count": 50 - at} for at, label in enumerate(labels)]
    return Dataset(task_type=Task.IMAGE, name=name, classes=classes)


@pytest.mark.parametrize(
    ("name", "labels", "proposed"),
    [
        ("ants_and bees.zip", ("ant", "bee"), "ants and bees"),
        ("pasted.csv", ("refund", "delivery"), "refund and delivery"),
        ("pictures.zip", ("cat", "dog", "horse"), "cat, dog and horse"),
        ("Data.zip", ("a", "b", "c", "d"), "a, b, c and d"),
        ("1.zip", tuple("abcdefgh"), "a, b, c and 5 more"),
        ("train.zip", ("x" * 60, "y" * 60), "train"),
        ("\u202e.zip", ("\u200b", "b"), "Pictures"),
        ("", (), "Pictures"),
    ],
)
def test_a_name_is_made_of_the_file_or_of_the_classes(
    name: str, labels: tuple[str, ...], proposed: str
) -> None:
    assert task_names.proposed(dataset(name, *labels)) == proposed
    assert naming.problem(proposed) is None


@pytest.mark.parametrize("given", [{"task_name": None}, {"task_name": " "}])
def test_the_api_needs_no_name(client: Client, given: dict[str, Any]) -> None:
    answer = post_job(client, **given)
    assert (answer.status_code, answer.json()["task_name"]) == (201, "things")


def test_the_form_proposes_it_and_takes_it_where_the_field_was_emptied(
    client: Client, make_dataset: Callable[..., Dataset]
) -> None:
    address = reverse("dataset", args=[make_dataset(name="data.csv").token])
    assert client.get(address).context["form"]["task_name"].value() == "bad and good"
    assert client.post(address, {"task_name": " ", "preset": "quick"}).status_code == 302
    assert Job.objects.get().task_name == "bad and good"
