"""The JSON API of datasets, jobs and the platform, on the wire."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from jobs.models import Dataset, Job, JobEvent, PlatformStatus
from jobs.states import JobStatus
from tests.jobs.conftest import CSV

pytestmark = pytest.mark.django_db

JOB_WORDS = {
    "token", "task_type", "task_name", "status", "phase", "progress", "queue_position", "eta_seconds", "epochs",
    "error", "accuracy", "created", "started", "finished", "model_url",
}  # fmt: skip


def table(content: bytes = CSV, name: str = "things.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/csv")


def post_job(client: Client, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    form = {"dataset": table(), "task_type": "textclassification", "task_name": "things", **fields}
    return client.post("/api/v1/jobs/", {k: v for k, v in form.items() if v is not None}, headers=headers)


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = json.loads(response.content)
    assert {"type", "title", "status", "code", "detail"} <= set(document)
    assert "Traceback" not in document["detail"]
    return document


def test_submitting_answers_201_with_the_job(client: Client) -> None:
    response = post_job(client, preset="balanced", epochs="2", data_split="0.7", step_lr='{"step_size": 3}')
    assert response.status_code == 201, response.content
    job = response.json()
    assert set(job) >= JOB_WORDS
    assert (job["status"], job["queue_position"], job["progress"], job["epochs"]) == ("queued", 1, 0, [])
    config = Job.objects.get().config
    assert (config["epochs"], config["data_split"], config["step_lr"]["step_size"]) == (2, 0.7, 3)


def test_a_dataset_can_be_checked_first_and_used_by_token(client: Client) -> None:
    form = {"dataset": table(), "task_type": "textclassification"}
    checked = client.post("/api/v1/datasets/", form)
    assert checked.status_code == 201, checked.content
    assert checked.json()["classes"] == [{"label": "bad", "count": 10}, {"label": "good", "count": 10}]
    body = {"dataset_token": checked.json()["token"], "task_name": "things"}
    response = client.post("/api/v1/jobs/", body, content_type="application/json")
    assert response.status_code == 201, response.content
    assert Dataset.objects.count() == 1


def test_a_wrong_field_is_named_and_nothing_is_stored(client: Client) -> None:
    document = problem(post_job(client, learning_rate="0.0.1", epochs="100000", task_name="a\u202eb"), 400)
    assert set(document["errors"]) == {"learning_rate", "epochs", "task_name"}
    assert not Dataset.objects.exists()
    assert not Job.objects.exists()


def test_all_wrong_fields_of_a_check_are_told_at_once(client: Client, make_dataset: Any) -> None:
    form = {
        "dataset": table(),
        "task_type": "no",
        "accept_guesses": "perhaps",
        "header_row": "x",
        "typo": "1",
    }
    told = problem(client.post("/api/v1/datasets/", form), 400)
    assert set(told["errors"]) == {"task_type", "accept_guesses", "header_row", "typo"}
    token = make_dataset().token
    body = {"header_row": 0, "typo": 1, "has_header": "perhaps"}
    change = client.patch(f"/api/v1/datasets/{token}/", body, content_type="application/json")
    assert set(problem(change, 400)["errors"]) == {"header_row", "typo", "has_header"}


def test_a_checked_dataset_is_not_read_again_by_a_job(client: Client, make_dataset: Any) -> None:
    body = {"dataset_token": make_dataset().token, "label_column": "b", "epochs": 0}
    told = problem(client.post("/api/v1/jobs/", body, content_type="application/json"), 400)
    assert set(told["errors"]) == {"label_column", "epochs"}
    assert "PATCH" in told["errors"]["label_column"][0]


def test_all_wrong_fields_are_told_at_once(client: Client) -> None:
    told = problem(
        post_job(client, task_name="a\nb", num_classes="x", lane="fast", epochs="0", typo="1"), 400
    )
    assert set(told["errors"]) == {"task_name", "num_classes", "lane", "epochs", "typo"}
    assert told["detail"] == "Please correct: epochs, lane, num_classes, task_name, typo."
    told = problem(post_job(client, task_type="no", task_name="a\nb", dataset=None), 400)
    assert set(told["errors"]) == {"task_type", "task_name", "dataset"}
    told = problem(post_job(client, step_lr="{", epochs="0", has_header="perhaps", lane="fast"), 400)
    assert set(told["errors"]) == {"step_lr", "epochs", "has_header", "lane"}
    body = {"samples": "many", "task_type": "textclassification", "epochs": 0}
    quote = client.post("/api/v1/quotes/", body, content_type="application/json")
    assert set(problem(quote, 400)["errors"]) == {"samples", "epochs"}


def test_an_unknown_kind_of_task_is_answered_with_the_known_ones(client: Client) -> None:
    kinds = "Give imageclassification or textclassification."
    answers = [
        client.post("/api/v1/datasets/", {"dataset": table(), "task_type": "speech"}),
        client.post(
            "/api/v1/uploads/",
            {"name": "a.csv", "size": 7, "task_type": "speech"},
            content_type="application/json",
        ),
    ]
    for answer in answers:
        assert problem(answer, 400)["errors"]["task_type"] == [f"There is no kind of task “speech”. {kinds}"]
    missing = client.post("/api/v1/datasets/", {"dataset": table()})
    assert problem(missing, 400)["errors"]["task_type"] == [kinds]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"dataset": None}, "dataset"),
        ({"dataset": "not a file"}, "dataset"),
        ({"task_type": "audio"}, "task_type"),
        ({"task_name": "\u200b"}, "task_name"),
        ({"preset": "fastest"}, "preset"),
        ({"model": "resnet34"}, "model"),
        ({"downloadable": "perhaps"}, "downloadable"),
        ({"reduce_lr_on_plateau": "{"}, "reduce_lr_on_plateau"),
        ({"step_lr": '{"gamma": 7}'}, "step_lr"),
        ({"surprise": "1"}, "surprise"),
        ({"seed": "nan"}, "seed"),
    ],
)
def test_each_wrong_field_is_a_400_with_its_name(client: Client, fields: dict[str, Any], wrong: str) -> None:
    errors = problem(post_job(client, **fields), 400)["errors"]
    assert any(name == wrong or name.startswith(wrong) for name in errors), errors
    assert not Job.objects.exists()
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"", "empty.csv", 400),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 40, "data.7z", 415),
        (b"input,label\nhello,one\nworld,one\n", "one-class.csv", 422),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(
    client: Client, content: bytes, name: str, status: int
) -> None:
    document = problem(post_job(client, dataset=table(content, name)), status)
    assert len(document["detail"]) > 20
    assert not Dataset.objects.exists()


def test_a_repeated_post_with_a_key_is_one_job(client: Client) -> None:
    first = post_job(client, headers={"Idempotency-Key": "k1"}).json()
    second = post_job(client, headers={"Idempotency-Key": "k1"}).json()
    assert first["token"] == second["token"]
    assert (Job.objects.count(), Dataset.objects.count()) == (1, 1)


def test_a_repeat_answers_its_job_even_when_the_queue_is_full_by_then(client: Client) -> None:
    PlatformStatus.objects.create(pk=1, queue_limit=0)
    first = post_job(client, headers={"Idempotency-Key": "k1"}).json()
    assert post_job(client, headers={"Idempotency-Key": "k1"}).json()["token"] == first["token"]
    assert problem(post_job(client, headers={"Idempotency-Key": "k2"}), 503)["code"] == "queue_full"
    assert problem(post_job(client, headers={"Idempotency-Key": "k" * 300}), 400)
    assert (Job.objects.count(), Dataset.objects.count()) == (1, 1)


def test_dev_mode_and_a_full_queue_answer_503_with_retry_after(client: Client) -> None:
    PlatformStatus.objects.create(pk=1, dev_mode=True)
    response = post_job(client)
    assert problem(response, 503)["code"] == "dev_mode"
    assert int(response["Retry-After"]) > 0
    PlatformStatus.objects.update(dev_mode=False, queue_limit=0)
    assert post_job(client).status_code == 201
    assert problem(post_job(client), 503)["code"] == "queue_full"


def test_an_unknown_token_is_a_404_that_tells_nothing(client: Client) -> None:
    for path in ("jobs/nothing/", "jobs/nothing/events/"):
        assert problem(client.get(f"/api/v1/{path}"), 404)["code"] == "job_not_found"
    assert problem(client.post("/api/v1/jobs/nothing/cancel/"), 404)["code"] == "job_not_found"


def test_a_job_is_followed_and_cancelled(client: Client, make_job: Callable[..., Job]) -> None:
    job = make_job()
    JobEvent.objects.create(job=job, kind="log", message="hello")
    event = client.get(f"/api/v1/jobs/{job.token}/events/").json()["results"][0]
    assert (event["kind"], event["message"]) == ("log", "hello")
    assert client.get(f"/api/v1/jobs/{job.token}/events/?after={event['id']}").json()["results"] == []
    assert problem(client.get(f"/api/v1/jobs/{job.token}/events/?after=x"), 400)
    assert client.post(f"/api/v1/jobs/{job.token}/cancel/").json()["status"] == "cancelled"


def test_a_followed_job_is_not_cached_nor_named_to_others(
    client: Client, make_job: Callable[..., Job]
) -> None:
    response = client.get(f"/api/v1/jobs/{make_job().token}/")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"


def test_the_status_counts_what_waits_and_runs(client: Client, make_job: Callable[..., Job]) -> None:
    assert client.get("/api/v1/status/").json()["status"] == "sleeping"
    make_job()
    make_job(status=JobStatus.TRAINING)
    status = client.get("/api/v1/status/").json()
    assert (status["status"], status["queued"], status["running"], status["accepting"]) == (
        "active",
        1,
        1,
        True,
    )


def test_only_operators_change_the_status_and_see_servers(client: Client) -> None:
    change = {"data": {"dev_mode": True}, "content_type": "application/json"}
    assert problem(client.patch("/api/v1/status/", **change), 401)
    assert problem(client.get("/api/v1/servers/"), 401)
    client.force_login(User.objects.create_user("somebody"))
    assert problem(client.patch("/api/v1/status/", **change), 403)
    client.force_login(User.objects.create_user("operator", is_staff=True))
    assert client.patch("/api/v1/status/", **change).json()["dev_mode"] is True
    assert client.get("/api/v1/servers/").json()["results"] == []


def test_the_length_of_a_notice_is_that_of_what_came(client: Client) -> None:
    client.force_login(User.objects.create_user("operator", is_staff=True))

    def change(notice: str) -> Any:
        return client.patch("/api/v1/status/", {"notice": notice}, content_type="application/json")

    assert change("  Back at noon. ").json()["notice"] == "Back at noon."
    assert "notice" in problem(change(" " + "n" * 300), 400)["errors"]
    assert client.get("/api/v1/status/").json()["notice"] == "Back at noon."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"task_name": "a\\u0000b"}',
        b'{"epochs": ' + b"9" * 5000 + b"}",
        b"7",
    ],
)
def test_broken_json_is_a_400(client: Client, body: bytes) -> None:
    problem(client.post("/api/v1/jobs/", body, content_type="application/json"), 400)


def test_a_broken_multipart_body_is_a_400(client: Client) -> None:
    body = io.BytesIO(b"--x\r\nnonsense")
    problem(client.post("/api/v1/jobs/", body.read(), content_type="multipart/form-data; boundary=x"), 400)


def test_an_upload_announced_too_large_is_refused_unread(client: Client, settings: Any) -> None:
    response = client.post("/api/v1/jobs/", b"x", content_type="text/plain", CONTENT_LENGTH=str(3 * 1024**4))
    assert problem(response, 413)["code"] == "upload_too_large"


def test_wrong_methods_and_addresses_answer_in_the_same_form(client: Client) -> None:
    response = client.delete("/api/v1/jobs/")
    problem(response, 405)
    assert "POST" in response["Allow"]
    problem(client.get("/api/v1/nowhere/"), 404)
    problem(client.post("/api/v1/jobs/", "<a/>", content_type="text/xml"), 415)


def test_an_unknown_address_answers_a_stranger_in_the_same_form() -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert problem(stranger.post("/api/v1/models//predict/", {"a": "b"}), 404)["code"] == "not_found"


def test_following_a_job_costs_a_fixed_number_of_queries(
    client: Client, make_job: Callable[..., Job], django_assert_num_queries: Callable
) -> None:
    job = make_job()
    for number in range(1, 30):
        job.epochs.create(epoch=number, val_accuracy=0.5)
    with django_assert_num_queries(7):
        client.get(f"/api/v1/jobs/{job.token}/")
