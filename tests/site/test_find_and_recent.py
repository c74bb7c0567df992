"""Finding a token again."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.web.pages import recent
from tests.site.test_dataset_page import FILLED
from tests.site.test_pages import read

pytestmark = pytest.mark.django_db


def find(client: Client, text: str):
    return client.post(reverse("find"), {"token": text})


def test_a_token_opens_its_job_and_later_its_model(client: Client, make_job, make_model) -> None:
    job = make_job()
    assert find(client, f"  {job.token}\n")["Location"] == reverse("job", args=[job.token])
    make_model(job=job)
    assert find(client, job.token)["Location"] == reverse("model", args=[job.token])


@pytest.mark.parametrize(
    "shape", ["http://localhost:8000/jobs/{}/", "/models/{}/?x=1", "https://flash.example/jobs/{}/live/#log"]
)
def test_the_address_of_a_page_does_as_well(client: Client, make_job, shape: str) -> None:
    job = make_job()
    assert find(client, shape.format(job.token))["Location"] == reverse("job", args=[job.token])


def test_a_model_without_a_job_is_found(client: Client, make_model) -> None:
    model = make_model()
    assert find(client, model.token)["Location"] == reverse("model", args=[model.token])


@pytest.mark.parametrize("text", ["", "nobody", "x" * 10_000, "../../etc", "a\0b"])
def test_an_unknown_token_is_told_beside_the_field(client: Client, text: str) -> None:
    page = read(find(client, text), 404)
    assert "There is no job or model with this token" in page.text
    assert page.all("input", **{"aria-invalid": "true"})


def test_an_expired_token_is_told_beside_the_field(client: Client, make_job, make_model) -> None:
    job = make_job()
    make_model(job=job, age=3)
    assert "expired" in read(find(client, job.token), 410).text


def test_what_was_submitted_is_remembered_newest_first(client: Client, image_dataset) -> None:
    for name in ("first one", "second one"):
        client.post(reverse("dataset", args=[image_dataset.token]), FILLED | {"task_name": name})
    text = read(client.get(reverse("recent"))).text
    assert text.index("second one") < text.index("first one")
    cookie = client.cookies[recent.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "second one" in read(client.get(reverse("home"))).text


def test_another_browser_sees_nothing_of_it(client: Client, image_dataset) -> None:
    client.post(reverse("dataset", args=[image_dataset.token]), FILLED)
    assert "red and green" not in read(Client().get(reverse("recent"))).text


def test_a_forged_list_is_ignored(client: Client, make_job) -> None:
    client.cookies[recent.COOKIE] = make_job().token
    assert "Nothing yet" in read(client.get(reverse("recent"))).text


def test_the_list_can_be_forgotten(client: Client, image_dataset) -> None:
    client.post(reverse("dataset", args=[image_dataset.token]), FILLED)
    assert "Nothing yet" in read(client.post(reverse("recent-forget"), follow=True)).text


def test_an_expired_model_is_marked_in_the_list(client: Client, image_dataset, make_model) -> None:
    from jobs.models import Job

    client.post(reverse("dataset", args=[image_dataset.token]), FILLED)
    make_model(job=Job.objects.get(), age=3)
    assert "expired" in read(client.get(reverse("recent"))).text


def test_a_token_without_a_model_leads_to_its_job(client: Client, make_job, make_model) -> None:
    earlier = make_model()
    job = make_job(status="deployed", continues=earlier, comparison={"verdict": "kept_earlier"})
    page = read(client.get(reverse("model", args=[job.token])), 404)
    assert page.all("a", href=reverse("job", args=[job.token]))
    told = read(client.get(reverse("job", args=[job.token]))).text
    assert "It opens this page. The model is under the token of the earlier one" in told


def test_the_list_ends_at_twenty_and_takes_the_same_queries(
    client: Client, image_dataset, django_assert_max_num_queries
) -> None:
    for number in range(22):
        client.post(
            reverse("dataset", args=[image_dataset.token]), FILLED | {"task_name": f"number {number}"}
        )
    with django_assert_max_num_queries(4):
        page = read(client.get(reverse("recent")))
    assert "number 21" in page.text
    assert "number 1 " not in page.text
