"""The pages on which a model is measured, without a browser."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.batches import runner
from jobs.models import BatchPrediction
from tests.jobs.batches.test_evaluations import MOODS
from tests.published import at, with_a_known_token
from tests.site.conftest import pictures_zip
from tests.site.test_batch_pages import page_of
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def moods(name: str = "<b>.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, MOODS.encode())


def test_from_the_model_to_the_figures(
    client: Client, make_model: Any, django_assert_max_num_queries: Any
) -> None:
    model = make_model(Task.TEXT)
    form = reverse("evaluation-new", args=[model.token])
    links = page_of(client.get(reverse("model", args=[model.token]))).all("a")
    assert form in [link["href"] for link in links]
    page = page_of(client.get(form))
    assert page.all("input", name="label_column") and page.all("input", name="accept_guesses")
    answer = client.post(form, {"file": moods(), "label_column": "mood"})
    found = at(answer.url, BatchPrediction.objects.get())
    assert answer.url == reverse("evaluation", args=[model.token, found.token])
    page = page_of(client.get(answer.url))
    assert "Next in line" in page.text
    live = reverse("evaluation-live", args=[model.token, found.token])
    version = page.all("div", id="live")[0]["hx-get"].split("seen=")[1]
    assert client.get(live, {"seen": version}).status_code == 204
    assert runner.run_next()
    assert "Done" in client.get(live, {"seen": version}).content.decode()
    with django_assert_max_num_queries(6):
        page = page_of(client.get(answer.url))
    assert "80 % of the 5 sentences in your file were classified correctly" in page.text
    assert "1 sentence not counted" in page.text and "so so (1)" in page.text
    assert "lovely but we left early" in page.text
    assert "How the file was read" in page.text and '"mood" as the label' in page.text
    download = next(link["href"] for link in page.all("a") if "format=csv" in link["href"])
    assert b"remark,mood,truth,right,label" in b"".join(client.get(download).streaming_content)
    assert client.get(answer.url)["Referrer-Policy"] == "no-referrer"


def test_pictures_that_were_mistaken_are_shown(client: Client, make_model: Any) -> None:
    model = make_model(Task.IMAGE)
    form = reverse("evaluation-new", args=[model.token])
    page_of(client.get(form))
    answer = client.post(form, {"file": SimpleUploadedFile("mine.zip", pictures_zip())})
    assert answer.status_code == 302, page_of(answer, answer.status_code).text
    assert runner.run_next()
    page = page_of(client.get(answer.url))
    assert "were classified correctly" in page.text


def test_a_file_that_measures_nothing_is_refused_on_the_form(client: Client, make_model: Any) -> None:
    form = reverse("evaluation-new", args=[make_model(Task.TEXT).token])
    rows = "remark,mood\n" + "".join(f"great fun {n},happy\nawful play {n},sad\n" for n in range(6))
    file = SimpleUploadedFile("x.csv", rows.encode())
    page = page_of(client.post(form, {"file": file, "label_column": "mood"}), 422)
    assert "None of the classes in the file is one that the model knows" in page.text
    assert page.all("input", name="label_column")[0]["value"] == "mood"
    assert "Choose a file first" in page_of(client.post(form), 400).text
    asked = client.post(form, headers={"Accept": "application/json"})
    assert asked.json()["code"] == "invalid"


def test_it_is_cancelled_by_a_button(client: Client, make_model: Any) -> None:
    model = make_model(Task.TEXT)
    client.post(reverse("evaluation-new", args=[model.token]), {"file": moods("a.csv")})
    address = [model.token, with_a_known_token(BatchPrediction.objects.get()).token]
    assert client.get(reverse("evaluation-cancel", args=address)).status_code == 405
    answer = client.post(reverse("evaluation-cancel", args=address))
    assert "Cancelled" in page_of(client.get(answer.url)).text
    page_of(client.get(reverse("evaluation-results", args=address)), 409)
    page_of(client.get(reverse("evaluation", args=[model.token, "x" * 22])), 404)
    page_of(client.get(reverse("batch", args=address)), 404)
