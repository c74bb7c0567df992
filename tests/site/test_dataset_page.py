"""What was understood, and the form that starts the training."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from jobs.datasets import dataset_store
from jobs.models import Dataset, Job, PlatformStatus
from tests.published import at
from tests.site.conftest import pictures_zip, table
from tests.site.test_pages import read
from tests.tasks import Task

FILLED: dict[str, Any] = {
    "task_name": "red and green", "preset": "balanced", "model": "resnet18", "start_from": "scratch",
    "data_split": "70:30",
    "optimizer": "sgd", "learning_rate": "0.01", "batch_size": "8", "epochs": "3", "early_stopping": "2", "seed": "7",
    "reduce_lr_on_plateau": "on", "plateau_factor": "0.2", "plateau_patience": "3", "plateau_min_lr": "0.0001",
    "step_lr": "on", "step_size": "2", "step_gamma": "0.5", "downloadable": "on",
}  # fmt: skip


def submit(client: Client, dataset: Dataset, **fields: Any) -> Any:
    return client.post(reverse("dataset", args=[dataset.token]), fields)


def test_every_field_reaches_the_job(client: Client, image_dataset: Dataset) -> None:
    response = submit(client, image_dataset, **FILLED)
    job = at(response["Location"], Job.objects.get())
    assert response["Location"] == reverse("job", args=[job.token])
    wanted = {
        "model": "resnet18", "pretrained": False, "data_split": 0.7, "optimizer": "sgd", "learning_rate": 0.01,
        "batch_size": 8,
        "epochs": 3, "early_stopping": 2, "seed": 7, "step_lr": {"step_size": 2, "gamma": 0.5},
        "reduce_lr_on_plateau": {"factor": 0.2, "patience": 3, "min_lr": 0.0001},
    }  # fmt: skip
    assert {name: job.config[name] for name in wanted} == wanted
    assert (job.downloadable, job.preset, image_dataset.kept) == (True, "balanced", False)


@pytest.mark.parametrize("page", ["dataset", "dataset-columns"])
def test_the_task_is_named_after_the_file(client: Client, db: None, page: str) -> None:
    upload = ContentFile(table(), name="Moods_of May.csv")
    dataset = dataset_store.store_upload(task_type=Task.TEXT, upload=upload)
    address = reverse(page, args=[dataset.token])
    # Refused there, the page is shown again.
    wrong = {"input_column": "input", "label_column": "input"}
    response = client.get(address) if page == "dataset" else client.post(address, wrong)
    shown = read(response, 200 if page == "dataset" else 422)
    assert shown.all("input", name="task_name")[0]["value"] == "Moods of May"


def test_the_preset_decides_what_is_blank(client: Client, text_dataset: Dataset) -> None:
    submit(client, text_dataset, task_name="moods", preset="quick", data_split="80:20", keep_dataset="on")
    job = Job.objects.get()
    assert job.model_name == "minilm"
    assert not job.downloadable
    assert job.config["step_lr"] is None
    text_dataset.refresh_from_db()
    assert text_dataset.kept


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("task_name", "two\nlines"),
        ("task_name", "nul\0"),
        ("preset", "fastest"),
        ("model", "lstm"),
        ("learning_rate", "0.0.1"),
        ("learning_rate", "nan"),
        ("learning_rate", "1e-9"),
        ("batch_size", "0"),
        ("epochs", "1.5"),
        ("epochs", "9" * 5000),
        ("early_stopping", "-1"),
        ("seed", "x"),
        ("plateau_factor", "2"),
        ("plateau_patience", "0"),
        ("plateau_min_lr", "1"),
        ("step_size", "11"),
        ("step_gamma", "1"),
        ("data_split", "99:1"),
    ],
)
def test_a_wrong_field_is_told_beside_it_and_nothing_is_lost(
    client: Client, image_dataset: Dataset, field: str, value: str
) -> None:
    response = submit(client, image_dataset, **(FILLED | {field: value}))
    page = read(response, 400)
    form = response.context["form"]
    assert list(form.errors) == [field]
    assert page.all("ul", id=f"id_{field}_error") or page.all("ul", **{"class": "errors"})
    for name, before in (FILLED | {field: value}).items():
        assert form[name].value() in (before, before == "on"), name
    assert not Job.objects.exists()
    if field not in ("task_name", "preset"):
        assert [
            details for details in page.all("details") if "open" in details and details.get("class") == "sub"
        ]


def test_several_wrong_fields_are_told_at_once(client: Client, image_dataset: Dataset) -> None:
    response = submit(
        client,
        image_dataset,
        **(FILLED | {"epochs": "0", "learning_rate": "x", "task_name": "a\u200e\u202eb"}),
    )
    assert set(response.context["form"].errors) == {"epochs", "learning_rate", "task_name"}
    assert "3 things need another look" in read(response, 400).text


def test_a_switched_off_schedule_is_not_looked_at(client: Client, image_dataset: Dataset) -> None:
    fields = FILLED | {"step_gamma": "77", "plateau_factor": "x"}
    del fields["step_lr"], fields["reduce_lr_on_plateau"]
    assert submit(client, image_dataset, **fields).status_code == 302
    assert Job.objects.get().config["step_lr"] is None


def test_a_double_click_makes_one_job(client: Client, image_dataset: Dataset) -> None:
    answers = [submit(client, image_dataset, **FILLED, key="the-form's-key") for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Job.objects.count() == 1


def test_a_full_queue_keeps_the_form(client: Client, image_dataset: Dataset, make_job) -> None:
    PlatformStatus.objects.update_or_create(pk=1, defaults={"queue_limit": 0})
    make_job()
    response = submit(client, image_dataset, **FILLED)
    page = read(response, 503)
    assert response["Retry-After"]
    assert "Nothing you filled in is lost" in page.text and "See what it needs" not in page.text
    assert response.context["form"]["epochs"].value() == "3"


def test_labels_and_names_of_the_user_are_escaped(client: Client, db: None) -> None:
    rows = [("<script>alert(1)</script>", "<b>x</b>"), ("two", "<b>x</b>"), ("three", "y"), ("four", "y")]
    upload = ContentFile(table(rows=rows), name="<img src=x>.csv")
    dataset = dataset_store.store_upload(task_type=Task.TEXT, upload=upload)
    page = read(client.get(reverse("dataset", args=[dataset.token])))
    assert "<script>alert(1)</script>" in page.text
    assert not page.all("img", src="x")


def test_other_columns_can_be_chosen(client: Client, db: None) -> None:
    data = b"id,text,mood,shop\n1,love it,good,a\n2,nice one,good,b\n3,awful,bad,a\n4,so bad,bad,b\n"
    dataset = dataset_store.store_upload(task_type=Task.TEXT, upload=ContentFile(data, name="x.csv"))
    address = reverse("dataset-columns", args=[dataset.token])
    response = client.post(address, {"input_column": "text", "label_column": "shop"}, follow=True)
    dataset.refresh_from_db()
    assert [entry["label"] for entry in dataset.classes] == ["a", "b"]
    page = read(response)
    assert page.all("select", id="id_label_column")


@pytest.mark.parametrize(
    "columns",
    [{"input_column": "text", "label_column": "text"}, {"input_column": "nope", "label_column": "mood"}, {}],
)
def test_columns_that_make_no_sense_are_told_beside_them(
    client: Client, db: None, columns: dict[str, str]
) -> None:
    data = b"id,text,mood\n1,love it,good\n2,nice one,good\n3,awful,bad\n4,so bad,bad\n"
    dataset = dataset_store.store_upload(task_type=Task.TEXT, upload=ContentFile(data, name="x.csv"))
    page = read(client.post(reverse("dataset-columns", args=[dataset.token]), columns), 422)
    assert page.all("ul", **{"class": "errors"}) or page.all("p", **{"class": "errors"})
    dataset.refresh_from_db()
    assert dataset.findings["input_column"] == "text"


def test_the_page_takes_the_same_queries_for_many_classes(
    client: Client, db: None, django_assert_num_queries
) -> None:
    PlatformStatus.current()
    for classes in (
        ("red", "green"),
        (
            "red",
            "green",
            "blue",
            "black",
            "white",
            "grey",
            "pink",
            "brown",
            "gold",
            "navy",
            "teal",
            "plum",
            "tan",
        ),
    ):
        upload = ContentFile(pictures_zip(classes, 2), name="colours.zip")
        dataset = dataset_store.store_upload(task_type=Task.IMAGE, upload=upload)
        with django_assert_num_queries(6):
            client.get(reverse("dataset", args=[dataset.token]))


@pytest.mark.parametrize(("headers_only", "shown"), [(1_048, True), (0, False), (None, False)])
def test_pictures_that_were_not_opened_are_told_of_beside_the_classes(
    client: Client, image_dataset: Dataset, headers_only, shown
) -> None:
    if headers_only is None:
        # Of a dataset of the version before.
        image_dataset.findings.pop("headers_only")
    else:
        image_dataset.findings["headers_only"] = headers_only
    image_dataset.findings["warnings"] = []
    image_dataset.save()
    page = read(client.get(reverse("dataset", args=[image_dataset.token])))
    assert ("no time to open 1,048 pictures" in page.text) is shown
    assert bool(page.all("div", id="unopened")) is shown
    assert "Worth a look" not in page.text
