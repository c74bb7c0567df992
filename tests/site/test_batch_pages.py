"""The pages of batches, without a browser."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.batches import runner
from jobs.models import BatchPrediction
from tests.jobs.batches.videos import video
from tests.published import at
from tests.site.conftest import pictures_zip
from tests.site.page import Page
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def page_of(answer: Any, status: int = 200) -> Page:
    assert answer.status_code == status
    page = Page(answer.content.decode())
    assert page.rule_breaks() == []
    return page


def test_from_the_model_to_the_results(
    client: Client, make_model: Any, django_assert_max_num_queries: Any
) -> None:
    model = make_model()
    form = reverse("batch-new", args=[model.token])
    assert form in [
        link["href"] for link in page_of(client.get(reverse("model", args=[model.token]))).all("a")
    ]
    page_of(client.get(form))
    file = SimpleUploadedFile("<b>.zip", pictures_zip())
    answer = client.post(form, {"file": file, "top_k": ""})
    batch = at(answer.url, BatchPrediction.objects.get())
    assert answer.url == reverse("batch", args=[model.token, batch.token])
    page = page_of(client.get(answer.url))
    assert "Next in line" in page.text
    live = reverse("batch-live", args=[model.token, batch.token])
    version = page.all("div", id="live")[0]["hx-get"].split("seen=")[1]
    assert client.get(live, {"seen": version}).status_code == 204
    assert runner.run_next()
    assert "Done" in client.get(live, {"seen": version}).content.decode()
    with django_assert_max_num_queries(6):
        page = page_of(client.get(answer.url))
    assert "6 of 6 predicted" in page.text
    assert "<b>.zip" in page.text
    download = next(link["href"] for link in page.all("a") if "format=csv" in link["href"])
    assert b"".join(client.get(download).streaming_content).count(b"\n") == 7
    assert client.get(answer.url)["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(("task", "status"), [(Task.IMAGE, 415), (Task.TEXT, 400)])
def test_a_wrong_file_is_refused_on_the_form(
    client: Client, make_model: Any, task: Task, status: int
) -> None:
    form = reverse("batch-new", args=[make_model(task).token])
    page = page_of(
        client.post(form, {"file": SimpleUploadedFile("x.zip", b"\x00\x01\x02"), "top_k": 3}), status
    )
    assert page.all("input", id="id_top_k")[0]["value"] == "3"
    assert "Choose a file first" in page_of(client.post(form), 400).text
    assert client.post(form, headers={"Accept": "application/json"}).json()["code"] == "invalid"


def test_it_is_cancelled_by_a_button(client: Client, make_model: Any) -> None:
    model = make_model()
    sent = client.post(
        reverse("batch-new", args=[model.token]), {"file": SimpleUploadedFile("x.zip", pictures_zip())}
    )
    batch = at(sent.url, BatchPrediction.objects.get())
    address = [model.token, batch.token]
    assert client.get(reverse("batch-cancel", args=address)).status_code == 405
    answer = client.post(reverse("batch-cancel", args=address))
    assert "Cancelled" in page_of(client.get(answer.url)).text
    page_of(client.get(reverse("batch-results", args=address)), 409)
    page_of(client.get(reverse("batch", args=[model.token, "x" * 22])), 404)


def test_another_site_cannot_send_a_file(make_model: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    form = reverse("batch-new", args=[make_model().token])
    answer = client.post(form, {"file": SimpleUploadedFile("x.zip", pictures_zip())})
    assert (answer.status_code, BatchPrediction.objects.count()) == (403, 0)


def test_a_video_shows_what_is_seen_when(client: Client, make_model: Any) -> None:
    model = make_model()
    form = reverse("batch-new", args=[model.token])
    assert page_of(client.get(form)).all("input", name="frames_per_second")
    file = SimpleUploadedFile("a.mp4", video([("red", 62), ("blue", 4)], rate=2))
    answer = client.post(form, {"file": file, "frames_per_second": "0.5"})
    assert runner.run_next()
    page = page_of(client.get(answer.url))
    assert "red: 0:00 to 1:02" in [drawing.get("aria-label") for drawing in page.all("svg")]
    assert "Minute by minute" in page.text
    assert page.all("img", alt="blue at 1:02")


def test_rows_about_none_of_the_classes_are_marked(client: Client, make_model: Any) -> None:
    model = make_model(Task.TEXT, outside={"threshold": 0.5})
    form = reverse("batch-new", args=[model.token])
    answer = client.post(form, {"file": SimpleUploadedFile("a.csv", b"text\ngreat fun\nthe weather\n")})
    assert runner.run_next()
    page = page_of(client.get(answer.url))
    assert page.text.count("probably none of your classes") == 1


def test_the_camera_is_for_pictures_only(client: Client, make_model: Any) -> None:
    pictures, words = make_model(), make_model(Task.TEXT)
    page = page_of(client.get(reverse("model-page", args=[pictures.token, "camera"])))
    assert page.all("section", **{"data-predict": reverse("api:model-predict", args=[pictures.token])})
    assert "needs JavaScript" in page.text
    answer = client.get(reverse("model-page", args=[words.token, "camera"]))
    assert answer.url == reverse("model", args=[words.token])
    page_of(client.get(reverse("model-page", args=["x" * 22, "camera"])), 404)
