"""A kind of task that no other module knows: one folder beside this file, one call of the registry.

It goes through everything that the site does, with the real trainer and the real process for whole files.
"""

import csv
import io
import json
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from drf_spectacular import plumbing
from drf_spectacular.generators import SchemaGenerator

from jobs.batches import runner as batch_runner
from jobs.models import BatchPrediction, Dataset, Job
from jobs.worker import runner
from modelstore.models import TrainedModel
from tests.published import with_a_known_token
from tests.site.page import Page
from tests.whole.numbers_kind import KIND, TASK
from training.kinds import register, unregister

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
JSON = "application/json"


@pytest.fixture(autouse=True)
def numbers(settings: Any) -> Iterator[None]:
    settings.FLASH_KINDS = ["tests.whole.numbers_kind"]  # for the processes that are started
    register(KIND)
    plumbing._load_enum_name_overrides.cache_clear()
    yield
    unregister(KIND)
    plumbing._load_enum_name_overrides.cache_clear()


def table(count: int = 60) -> bytes:
    dice = random.Random(3)
    rows = [("x", "y", "side"), ("far", "away", "left")]
    for number in range(count):
        x = dice.uniform(1, 5) * (-1) ** number
        rows.append((f"{x:.3f}", f"{dice.uniform(-9, 9):.3f}", "right" if x > 0 else "left"))
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()


def page(response: Any, status: int = 200) -> Page:
    assert response.status_code == status, response.content[:2000].decode()
    found = Page(response.content.decode())
    assert found.rule_breaks() == []
    return found


def uploaded(client: Client) -> Dataset:
    file = ContentFile(table(), name="sides.numbers")
    address = reverse("new-kind", args=["numbers"])
    page(client.get(address))
    response = client.post(address, {"dataset": file})
    dataset = Dataset.objects.get()
    dataset.token = response.headers["Location"].split("/")[-2]
    assert response.headers["Location"] == reverse("dataset", args=[dataset.token])
    return dataset


def trained(client: Client) -> TrainedModel:
    dataset = uploaded(client)
    address = reverse("dataset", args=[dataset.token])
    response = client.post(
        address, {"preset": "quick", "task_name": "sides", "downloadable": "on", "key": "k"}
    )
    job = Job.objects.get()
    job.token = response.headers["Location"].split("/")[-2]
    assert response.headers["Location"] == reverse("job", args=[job.token])
    assert "Line · pairs" in page(client.get(reverse("job", args=[job.token]))).text
    assert runner.run_next()
    job.refresh_from_db()
    assert job.status == "deployed", job.error
    assert job.model is not None
    job.model.token = job.token
    return job.model


def test_the_pages_before_an_upload_offer_it(client: Client) -> None:
    for name in ("home", "new"):
        assert reverse("new-kind", args=["numbers"]) in client.get(reverse(name)).content.decode()
    text = page(client.get(reverse("about"))).text
    assert "For pairs" in text and "Draws a line." in text


def test_the_upload_is_checked_and_the_form_asks_for_its_models(client: Client) -> None:
    dataset = uploaded(client)
    assert (dataset.task_type, dataset.sample_count) == (TASK, 60)
    found = page(client.get(reverse("dataset", args=[dataset.token]))).text
    for words in (
        "60 pairs",
        "in 2 classes",
        "Left out: 1 row",
        "Some of your pairs",
        "Line",
        "Draws a line.",
    ):
        assert words in found, words
    refused = client.post(
        reverse("new-kind", args=["numbers"]), {"dataset": ContentFile(b"x,y\n1,2\n", "a.csv")}
    )
    assert "There is only one class" in page(refused, 422).text


def test_it_trains_predicts_and_can_be_taken_away(client: Client, tmp_path: Path) -> None:
    model = trained(client)
    assert model.accuracy > 0.9
    address = reverse("model", args=[model.token])
    text = page(client.get(address)).text
    assert "validation pairs" in text and "First number" in text

    posted = {"x": "3.5", "y": "0", "explain": "on"}
    answer = page(client.post(reverse("model-predict", args=[model.token]), posted)).text
    assert "3.5, 0.0" in answer and "right" in answer
    api = reverse("api:model-predict", args=[model.token])
    answers = client.post(api, json.dumps({"inputs": [[-3, 1], [4, 1]]}), content_type=JSON).json()
    assert [row["label"] for row in answers["predictions"]] == ["left", "right"]
    for inputs, words in ((["a"], "takes lists of two numbers"), ([[1, 2, 3]], "is not two numbers")):
        refused = client.post(api, json.dumps({"inputs": inputs}), content_type=JSON)
        assert refused.status_code == 400 and words in refused.json()["detail"]
    call_command("predict", model.token, "2,1", stdout=(told := io.StringIO()))
    assert told.getvalue().startswith("2,1: right")

    predict_whole_file(client, model)
    predict_with_bundle(client, model, tmp_path)


def predict_whole_file(client: Client, model: TrainedModel) -> None:
    new = reverse("batch-new", args=[model.token])
    assert "Every pair of a table" in page(client.get(new)).text
    client.post(new, {"file": ContentFile(table(), name="more.csv")})
    batch = with_a_known_token(BatchPrediction.objects.get())
    assert (batch.kind, batch.total) == ("numbers", 61)
    assert batch_runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.done, batch.bad) == ("done", 61, 1), batch.error
    assert batch.counts == {"left": 30, "right": 30}
    shown = page(client.get(reverse("batch", args=[model.token, batch.token]))).text
    assert "Pairs in a table" in shown and "There are no two numbers in it." in shown


def predict_with_bundle(client: Client, model: TrainedModel, folder: Path) -> None:
    response = client.get(reverse("model-download", args=[model.token]), {"format": "bundle"})
    with zipfile.ZipFile(io.BytesIO(b"".join(response))) as archive:
        archive.extractall(folder)
    (bundle,) = folder.glob("sides-line*/")
    (folder / "sides.csv").write_bytes(table().replace(b"far,away,left\r\n", b""))
    predicted = subprocess.run(
        [sys.executable, "predict.py", "--json", "3,1"],
        cwd=bundle,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(predicted.stdout)["label"] == "right"
    subprocess.run([sys.executable, "evaluate.py", folder / "sides.csv"], cwd=bundle, check=True)
    assert "window.FLASH_INPUTS" in (bundle / "web" / "inputs.js").read_text()


def test_the_api_takes_it_and_its_description_names_it(client: Client) -> None:
    wrong = client.post(
        reverse("api:datasets"), {"dataset": ContentFile(b"x", "x.csv"), "task_type": "boxes"}
    )
    assert wrong.status_code == 400
    checked = client.post(
        reverse("api:datasets"), {"dataset": ContentFile(table(), "a.csv"), "task_type": TASK}
    )
    assert checked.status_code == 201, checked.content
    quote = client.post(
        reverse("api:quotes"), json.dumps({"dataset_token": checked.json()["token"]}), content_type=JSON
    )
    assert quote.status_code == 200, quote.content
    sent = {"dataset": ContentFile(b"x", "x.csv"), "task_type": "boxes", "task_name": "x"}
    assert TASK in client.post(reverse("api:jobs"), sent).json()["errors"]["task_type"][0]
    schema = SchemaGenerator().get_schema(request=None, public=True)
    schemas = schema["components"]["schemas"]
    assert TASK in schemas["TaskType"]["enum"]
    entries = schemas["PredictJsonRequest"]["properties"]["inputs"]["items"]["anyOf"]
    assert [entry["type"] for entry in entries] == ["string", "string", "array"]


def test_the_command_line_takes_it_by_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "sides.numbers").write_bytes(table())
    call_command("train", str(tmp_path / "sides.numbers"), wait=False, stdout=io.StringIO())
    assert Job.objects.get().task_type == TASK
