"""The page of a job while it waits, runs and ends."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Epoch, Job, JobEvent, PlatformStatus
from tests.site.test_pages import read
from tests.tasks import Task
from training.ground.recipe import resolve


def figures(job: Job, count: int) -> None:
    for number in range(1, count + 1):
        Epoch.objects.create(
            job=job,
            epoch=number,
            train_loss=1 / number,
            val_loss=1.1 / number,
            train_accuracy=0.8,
            val_accuracy=0.7,
            planned=12,
        )
        JobEvent.objects.create(job=job, kind="log", message=f"epoch {number} is done")


def test_a_waiting_job_tells_its_place(client: Client, make_job) -> None:
    first, second = make_job(), make_job()
    assert "Next in line" in read(client.get(reverse("job", args=[first.token]))).text
    assert "Number 2 in the queue" in read(client.get(reverse("job", args=[second.token]))).text


def test_a_running_job_shows_figures_curves_and_log(client: Client, make_job) -> None:
    job = make_job(status="training", phase="evaluating", progress=0.5, eta_seconds=75)
    figures(job, 3)
    page = read(client.get(reverse("job", args=[job.token])))
    for words in (
        "Measuring how good it is",
        "about 1 min (50 s to 2 min)",
        "3 of at most 12",
        "epoch 3 is done",
    ):
        assert words in page.text
    assert len(page.all("path", **{"class": "line val"})) == 4  # two curves, two keys
    assert page.all("noscript")


def test_the_fragment_is_silent_while_nothing_changes(client: Client, make_job) -> None:
    job = make_job(status="training", progress=0.5)
    address = reverse("job-live", args=[job.token])
    version = client.get(address).context["version"]
    assert client.get(address, {"seen": version}).status_code == 204
    Job.objects.filter(pk=job.pk).update(progress=0.6)
    changed = client.get(address, {"seen": version})
    assert changed.status_code == 200
    assert b"<html" not in changed.content


def test_the_fragment_leads_to_the_model(client: Client, make_job, make_model) -> None:
    job = make_job()
    make_model(job=job)
    response = client.get(reverse("job-live", args=[job.token]))
    assert response["HX-Redirect"] == reverse("model", args=[job.token])
    assert "Open the model" in read(client.get(reverse("job", args=[job.token]))).text


def test_the_page_marks_the_epoch_that_the_model_has(client: Client, make_job, make_model) -> None:
    job = make_job(status="training")
    figures(job, 4)
    address = reverse("job", args=[job.token])
    assert "4 best so far" in read(client.get(address)).text, "the same score each time: the lowest loss"
    report = {
        "best_epoch": 2,
        "epochs": [{"epoch": number, "val_loss": 1.1 / number} for number in range(1, 5)],
    }
    model = make_model(job=job)
    model.report |= report
    model.save()
    page = read(client.get(address)).text
    assert "2 kept" in page and "4 kept" not in page
    # A report of other epochs, as of an early model, says nothing about these.
    report["epochs"][1]["val_loss"] = 0.3
    model.report |= report
    model.save()
    page = read(client.get(address)).text
    assert "4 best" in page and "kept" not in page


def test_an_ended_job_is_not_asked_for_again(client: Client, make_job) -> None:
    job = make_job(status="failed", error="The data held one class only. Add another.")
    page = read(client.get(reverse("job", args=[job.token])))
    assert "Add another." in page.text
    assert not [element for _, element in page.elements if "hx-get" in element]


def test_polling_takes_the_same_queries_for_many_epochs(
    client: Client, make_job, django_assert_num_queries
) -> None:
    for count in (1, 40):
        job = make_job(status="training")
        figures(job, count)
        with django_assert_num_queries(4):
            client.get(reverse("job-live", args=[job.token]))


def test_cancelling_asks_first_and_then_cancels(client: Client, make_job) -> None:
    job = make_job()
    address = reverse("job-cancel", args=[job.token])
    assert "Cancel “red and green”?" in read(client.get(address)).text
    job.refresh_from_db()
    assert job.status == "queued"
    assert "Cancelled" in read(client.post(address, follow=True)).text
    read(client.post(address), 409)


def test_a_running_job_stops_at_the_next_moment(client: Client, make_job) -> None:
    job = make_job(status="training")
    page = read(client.post(reverse("job-cancel", args=[job.token]), follow=True))
    assert "Stopping" in page.text
    assert "Cancel training" not in page.text


def test_a_failed_job_can_be_tried_again_while_its_data_is_there(
    client: Client, make_job, text_dataset
) -> None:
    job = make_job(Task.TEXT, status="failed", error="It broke.", dataset=text_dataset)
    assert "Try again" in read(client.get(reverse("job", args=[job.token]))).text
    client.post(reverse("job-retry", args=[job.token]))
    job.refresh_from_db()
    assert job.status == "queued"


def test_without_its_data_a_job_can_only_be_started_over(client: Client, make_job) -> None:
    job = make_job(status="failed", error="It broke.")
    assert "Start over" in read(client.get(reverse("job", args=[job.token]))).text
    assert "Upload it again" in read(client.post(reverse("job-retry", args=[job.token])), 409).text


def test_trying_again_waits_for_dev_mode_to_end(client: Client, make_job, text_dataset) -> None:
    job = make_job(Task.TEXT, status="failed", error="It broke.", dataset=text_dataset)
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    read(client.post(reverse("job-retry", args=[job.token])), 503)


@pytest.mark.django_db
def test_a_job_is_changed_by_post_only(client: Client, make_job) -> None:
    assert client.get(reverse("job-retry", args=[make_job().token])).status_code == 405


def test_a_first_model_is_offered_while_the_training_goes_on(client: Client, make_job, make_model) -> None:
    job = make_job(status="training", phase="training")
    model = make_model(job=job)
    Job.objects.filter(pk=job.pk).update(status="training", accuracy=None)
    page = read(client.get(reverse("job", args=[job.token])))
    assert "A first model is ready" in page.text
    assert page.all("a", id="try", href=reverse("model", args=[model.token]))
    page = read(client.get(reverse("model", args=[model.token])))
    assert "while the training goes on" in page.text
    Job.objects.filter(pk=job.pk).update(status="deployed", lease_until=None)
    page = read(client.get(reverse("model", args=[model.token])))
    assert "while the training goes on" not in page.text


def test_stopping_offers_to_keep_the_best(client: Client, make_job) -> None:
    job = make_job(status="training")
    figures(job, 2)
    address = reverse("job-cancel", args=[job.token])
    page = read(client.get(address))
    assert "with 70 % on the validation samples" in page.text
    page = read(client.post(address, {"keep": "yes"}, follow=True))
    assert "Finishing with the best so far" in page.text
    job.refresh_from_db()
    assert (job.keep_best, job.cancel_requested) == (True, False)


def test_nothing_is_offered_where_there_is_nothing_to_keep(client: Client, make_job) -> None:
    address = reverse("job-cancel", args=[make_job(status="training").token])
    assert "Stop and keep" not in read(client.get(address)).text
    assert "There is nothing to keep" in read(client.post(address, {"keep": "yes"}), 409).text


def test_the_log_outlives_a_failure(client: Client, make_job) -> None:
    job = make_job(status="failed", error="It broke.")
    figures(job, 250)
    assert "epoch 250 is done" in read(client.get(reverse("job", args=[job.token]))).text
    lines = client.get(reverse("job-log", args=[job.token])).content.decode().splitlines()
    assert len(lines) == 250
    assert lines[0].endswith("epoch 1 is done")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"preset": "balanced", "model": "lstm"}, "Training shows the network alone."),
        ({"preset": "balanced", "model": "minilm"}, "Training shows the network alone."),
        ({"preset": "quick", "model": "minilm"}, "The last point of validation is the model as it answers"),
        ({"preset": "quick", "model": "bag_of_ngrams"}, ""),
    ],
)
def test_curves_of_networks_that_vote_with_ngrams_say_so(client: Client, make_job, options, told) -> None:
    job = make_job(Task.TEXT, status="training", config=resolve(Task.TEXT, options).to_json())
    figures(job, 2)
    page = read(client.get(reverse("job", args=[job.token])))
    assert told in page.text
    assert bool(page.all("p", id="curves")) is bool(told)


def test_curves_of_pictures_need_no_words(client: Client, make_job) -> None:
    job = make_job(status="training")
    figures(job, 2)
    assert not read(client.get(reverse("job", args=[job.token]))).all("p", id="curves")
