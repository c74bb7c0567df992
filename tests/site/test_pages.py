"""What holds for every page: it renders, keeps to the content policy, and can be read by a screen reader."""

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from jobs.models import Epoch, JobEvent, PlatformStatus
from modelstore.models import CleanupPolicy
from tests.site.addresses import address_of
from tests.site.page import Page
from tests.tasks import Task

PLAIN = ["home", "about", "find", "recent", "new", "new-image", "new-text"]


def read(response, status: int = 200) -> Page:
    assert response.status_code == status, response.content[:2000].decode()
    assert response["Content-Security-Policy"].startswith("default-src 'self'")
    page = Page(response.content.decode())
    assert page.rule_breaks() == []
    return page


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.django_db
def test_a_page_for_everybody_keeps_to_the_rules(client: Client, name: str) -> None:
    read(client.get(address_of(name)))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.django_db
def test_the_notice_stands_on_every_page(client: Client, name: str) -> None:
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    assert "under maintenance" in read(client.get(address_of(name))).text


def test_a_full_queue_is_told_on_every_page_beside_the_operators_words(
    client: Client, make_job, make_model, text_dataset
) -> None:
    model, dataset = make_model().token, text_dataset.token
    job = make_job().token
    PlatformStatus.objects.update_or_create(pk=1, defaults={"notice": "Cake at noon.", "queue_limit": 1})
    pages = [(name, []) for name in PLAIN] + [("job", [job]), ("model", [model]), ("dataset", [dataset])]
    for name, tokens in [
        *pages,
        ("batch-new", [model]),
        ("model-camera", [model]),
        ("model-delete", [model]),
    ]:
        text = read(client.get(address_of(name, *tokens))).text
        assert "Cake at noon." in text and "The queue is full" in text, name


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.django_db
def test_a_page_for_everybody_takes_few_queries(
    client: Client, name: str, django_assert_max_num_queries
) -> None:
    PlatformStatus.current()
    with django_assert_max_num_queries(5):
        client.get(address_of(name))


def test_the_pages_of_data_sets_keep_to_the_rules(client: Client, image_dataset, text_dataset) -> None:
    for dataset in (image_dataset, text_dataset):
        read(client.get(reverse("dataset", args=[dataset.token])))
        read(client.post(reverse("dataset", args=[dataset.token]), {"epochs": "many"}), 400)


@pytest.mark.parametrize("status", ["queued", "starting", "training", "deploying", "failed", "cancelled"])
def test_the_page_of_a_job_keeps_to_the_rules(client: Client, make_job, text_dataset, status: str) -> None:
    job = make_job(
        Task.TEXT,
        status=status,
        dataset=text_dataset,
        error="It broke. Send more." if status == "failed" else "",
    )
    Epoch.objects.create(job=job, epoch=1, train_loss=1.0, val_loss=None, val_accuracy=0.5)
    JobEvent.objects.create(job=job, kind="warning", message="<script>alert(1)</script>")
    page = read(client.get(reverse("job", args=[job.token])))
    assert job.token in page.text
    read(client.get(reverse("job-cancel", args=[job.token])))


@pytest.mark.parametrize("task", list(Task))
def test_the_page_of_a_model_keeps_to_the_rules(client: Client, make_model, task: Task) -> None:
    model = make_model(task)
    page = read(client.get(reverse("model", args=[model.token])))
    assert "90 %" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "80 % and 95 %" in page.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("name", "status"),
    [("job", 404), ("job-live", 404), ("job-cancel", 404), ("dataset", 404), ("model", 404)],
)
@pytest.mark.parametrize("token", ["nobody-has-this-token", "x" * 500, "%00", "ü"])
@pytest.mark.django_db
def test_an_unknown_token_is_told_in_words(client: Client, name: str, status: int, token: str) -> None:
    page = read(client.get(reverse(name, args=[token])), status)
    assert "Train a new model" in page.text


@pytest.mark.django_db
def test_the_help_promises_what_there_is(client: Client, settings) -> None:
    settings.EMAIL_HOST = ""
    page = read(client.get(reverse("about"))).text
    assert "and a webhook tells you when it is done" in page
    assert "Extend on the model's page lets one live for another 2 h" in page
    assert "Wavelets = 1" not in page and "MobileNet V2 = 1" in page
    settings.EMAIL_HOST = "mail.example.org"
    CleanupPolicy.objects.update_or_create(pk=1, defaults={"longest": timedelta(0)})
    page = read(client.get(reverse("about"))).text
    assert "an e-mail or a webhook tells you" in page and "Extend" not in page


def test_an_expired_model_is_told_in_words_under_all_its_addresses(
    client: Client, make_job, make_model
) -> None:
    job = make_job()
    make_model(job=job, age=3)
    for name in ("job", "model", "model-predict", "model-download"):
        page = read(client.get(reverse(name, args=[job.token])), 410)
        assert "expired" in page.text


def test_a_model_that_never_expires_shows_no_countdown(client: Client, make_model) -> None:
    CleanupPolicy.objects.update_or_create(pk=1, defaults={"active": False})
    assert "expires in" not in read(client.get(reverse("model", args=[make_model(age=9).token]))).text


@pytest.mark.parametrize("template", ["404.html", "403.html", "400.html", "500.html", "403_csrf.html"])
def test_the_error_pages_render_without_a_request_or_a_database(template: str) -> None:
    assert Page(render_to_string(template)).rule_breaks() == []


@pytest.mark.django_db
def test_an_address_that_is_none_gets_a_page(client: Client) -> None:
    assert "nothing at this address" in read(client.get("/no/such/page"), 404).text


@pytest.mark.django_db
def test_a_form_of_another_site_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    for name in ("new-image", "new-text", "find", "recent-forget"):
        assert strict.post(address_of(name), {"pasted": "a,b"}).status_code == 403
    assert strict.post(reverse("sample", args=["shapes"])).status_code == 403


def test_pages_behind_a_token_are_not_kept_on_the_way(client: Client, make_job) -> None:
    response = client.get(reverse("job", args=[make_job().token]))
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
