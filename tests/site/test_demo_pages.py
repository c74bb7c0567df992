"""The demo shows a real prediction on the first page, with examples to click."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from jobs.models import Job
from jobs.web.pages import recent
from modelstore.access import get_model
from modelstore.bundles import demo_model
from modelstore.models import TrainedModel
from modelstore.prediction.predictor import predict
from modelstore.web.demo import _examples
from tests.site.test_pages import read
from tests.tasks import Task


@pytest.mark.django_db
def test_what_is_shown_is_what_the_demo_answers() -> None:
    demo_model.load()
    answers = predict(model=get_model(demo_model.TOKEN), inputs=[one.name for one in _examples()])
    assert len(answers) >= 3
    for shown, answer in zip(_examples(), answers, strict=True):
        assert shown.prediction is not None
        assert (shown.prediction.label, shown.prediction.outside) == (answer.label, answer.outside)
        assert shown.prediction.probability == pytest.approx(answer.probability, abs=0.005)


@pytest.mark.django_db
def test_the_first_page_goes_without_the_demo(client: Client) -> None:
    assert "Try one" not in read(client.get(reverse("home"))).text
    demo_model.load()
    page = read(client.get(reverse("home")))
    assert "Try one" in page.text and "81.8" in page.text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_click_on_an_example_predicts_it(open_page: Any) -> None:
    demo_model.load()
    for name, tokens in (("home", []), ("model", [demo_model.TOKEN])):
        page = open_page(name, *tokens)
        page.get_by_role("button", name="Could I get my money back").click()
        expect(page.locator("[data-answers] .answer strong")).to_have_text("refund")


def test_recent_tells_what_took_over(
    client: Client, make_job: Callable[..., Job], make_model: Callable[..., TrainedModel]
) -> None:
    job = make_job(Task.TEXT, task_name="old name")
    make_model(Task.TEXT, job=job)
    Job.objects.filter(pk=job.pk).update(score_value=0.123)
    response = client.get(reverse("home"))
    recent.remember(response.wsgi_request, response, job.token)
    client.cookies = response.cookies
    TrainedModel.objects.update(task_name="new name", score_value=0.987, score_high=1)
    text = read(client.get(reverse("recent"))).text
    assert "new name" in text and "98.7" in text
    assert "old name" not in text and "12.3" not in text
