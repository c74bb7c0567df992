"""From a model's page to more data for it, and to the form that goes on from it; no token is copied."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Job
from tests.tasks import Task

pytestmark = pytest.mark.django_db
MORE = "input,label\n" + "".join(
    f"today there is {word} number {n},{label}\n"
    for n in range(12)
    for word, label in (("rain", "a"), ("soup", "b"))
)


@pytest.fixture
def model(make_model: Any) -> Any:
    return make_model(Task.TEXT)


def upload(client: Client) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("more.csv", MORE.encode(), "text/csv")
    return client.post(reverse("new-kind", args=["text"]), {"dataset": file}, follow=True)


def begin(client: Client, model: Any) -> str:
    page = client.get(reverse("model", args=[model.token])).content.decode()
    assert reverse("model-improve", args=[model.token]) in page
    answer = client.post(reverse("model-improve", args=[model.token]), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("new-kind", args=["text"])
    return str(answer.content.decode())


def test_the_form_goes_on_from_the_model_with_its_settings(client: Client, model: Any) -> None:
    model.manifest["config"] = {"preset": "best"}
    model.save()
    told = begin(client, model)
    assert f"For “{model.task_name}”" in told and "Hand over all of it" in told
    page = upload(client)
    form = page.context["form"]
    assert form["continue_from"].value() == model.token
    assert (form["preset"].value(), form["task_name"].value()) == ("best", model.task_name)
    assert f"For “{model.task_name}”" in page.content.decode()


def test_what_is_submitted_continues_the_model_and_ends_it(client: Client, model: Any) -> None:
    begin(client, model)
    page = upload(client)
    given = {bound.name: bound.value() or "" for bound in page.context["form"]}
    job_page = client.post(page.redirect_chain[-1][0], {**given, "model": "", "preset": "quick"})
    assert job_page.status_code == 302, job_page.context["form"].errors
    assert Job.objects.get().continues == model
    assert upload(client).context["form"]["continue_from"].value() in (None, "")


def test_one_can_make_a_new_model_instead(client: Client, model: Any) -> None:
    begin(client, model)
    client.post(reverse("improve-nothing"))
    page = upload(client)
    assert "For “" not in page.content.decode()
    assert page.context["form"]["continue_from"].value() in (None, "")


def test_another_kind_a_model_that_is_gone_and_a_forged_cookie_count_for_nothing(
    client: Client, model: Any, make_model: Any
) -> None:
    begin(client, model)
    assert "For “" not in client.get(reverse("new-kind", args=["image"])).content.decode()
    model.delete()
    assert "For “" not in client.get(reverse("new-kind", args=["text"])).content.decode()
    other = make_model(Task.TEXT)
    client.cookies["flash_improve"] = other.token
    assert "For “" not in client.get(reverse("new-kind", args=["text"])).content.decode()


def test_a_model_for_everyone_is_not_improved(client: Client, make_model: Any) -> None:
    model = make_model(Task.TEXT)
    model.pinned = True
    model.save()
    assert "Improve it" not in client.get(reverse("model", args=[model.token])).content.decode()
    answer = client.post(reverse("model-improve", args=[model.token]), follow=True)
    assert "keeps this model for everyone" in answer.content.decode()
    assert "flash_improve" not in client.cookies
