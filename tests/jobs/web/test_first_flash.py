"""A program written for the first Flash finds its words: those of training.json in and out."""

import pytest
from django.test import Client

from jobs.models import Dataset, Job
from tests.jobs.web.test_api import post_job, problem

pytestmark = pytest.mark.django_db
TRAINING = {
    "task_type": "textclassification",
    "num_classes": "2",
    "optimizer": "Adam",
    "learning_rate": "0.01",
    "batch_size": "64",
    "epochs": "5",
    "data_split": "70:30",
    "model": "LSTM",
    "reduce_lr_on_plateau": '{"factor": 0.1, "patience": 5, "min_lr": 0.00001}',
    "step_lr": '{"step_size": 4, "gamma": 0.1}',
}
WORDS = {
    "token", "task_type", "num_classes", "optimizer", "learning_rate", "batch_size", "epochs", "data_split", "dataset",
    "model", "reduce_lr_on_plateau", "step_lr",
}  # fmt: skip


def test_training_json_goes_in_and_comes_out(client: Client) -> None:
    job = post_job(client, **TRAINING).json()
    told = job["training"]
    assert set(told) == WORDS
    assert (told["token"], told["num_classes"], told["dataset"]) == (job["token"], 2, "things.csv")
    assert (told["model"], told["optimizer"], told["data_split"]) == ("lstm", "adam", 0.7)
    assert (told["learning_rate"], told["batch_size"], told["epochs"]) == (0.01, 64, 5)
    assert told["reduce_lr_on_plateau"] == {"factor": 0.1, "patience": 5, "min_lr": 1e-5}
    assert told["step_lr"] == {"step_size": 4, "gamma": 0.1}
    assert client.get(f"/api/v1/jobs/{job['token']}/").json()["training"] == told


@pytest.mark.parametrize("off", ["", "false", "null"])
def test_a_scheduler_is_off_unless_it_is_said(client: Client, off: str) -> None:
    told = post_job(client, reduce_lr_on_plateau=off, step_lr=off).json()["training"]
    assert (told["reduce_lr_on_plateau"], told["step_lr"]) == (None, None)


@pytest.mark.parametrize(("words", "name"), [("GRU", "gru"), ("Bag of n-grams", "bag_of_ngrams")])
def test_models_are_known_as_people_write_them(client: Client, words: str, name: str) -> None:
    assert post_job(client, model=words).json()["model_name"] == name


@pytest.mark.parametrize("classes", ["3", "two", "-1", "1e3"])
def test_a_wrong_number_of_classes_is_refused_and_nothing_kept(client: Client, classes: str) -> None:
    assert list(problem(post_job(client, num_classes=classes), 400)["errors"]) == ["num_classes"]
    assert not Dataset.objects.exists()
    assert not Job.objects.exists()
