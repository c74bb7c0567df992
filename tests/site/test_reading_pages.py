"""The page of an upload as the place where one steers how it is read: questions, undo, names of classes."""

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from jobs.datasets import dataset_store
from jobs.models import Dataset, Job
from tests.site.conftest import pictures_zip
from tests.site.page import Page
from tests.site.test_pages import read
from tests.tasks import Task

OPEN = "Told us,Branch,Matter,part\n" + "".join(
    f"My matter number {i} is what I write about,{('north', 'south')[i // 3 % 2]},"
    f"{('parcel', 'refund', 'praise')[i % 3]},{('train', 'test')[i % 2]}\n"
    for i in range(60)
)
CLEAR = OPEN.replace("Matter", "Category")

pytestmark = pytest.mark.django_db


def stored(data: str) -> Dataset:
    upload = ContentFile(data.encode(), name="x.csv")
    return dataset_store.store_upload(task_type=Task.TEXT, upload=upload)


def shown(client: Client, dataset: Dataset) -> Page:
    return read(client.get(reverse("dataset", args=[dataset.token])))


def tell(client: Client, dataset: Dataset, status: int = 302, **fields: Any) -> Page | None:
    answer = client.post(reverse("dataset-options", args=[dataset.token]), fields)
    assert answer.status_code == status
    dataset.refresh_from_db()
    return read(answer, status) if status != 302 else None


def labels(dataset: Dataset) -> list[str]:
    return [entry["label"] for entry in dataset.classes]


def test_a_question_stands_before_the_training(client: Client) -> None:
    dataset = stored(OPEN)
    page = shown(client, dataset)
    assert "Which column holds the class?" in page.text
    assert "Answer the question above first" in page.text
    buttons = page.all("button", name="label_column")
    assert {button["value"] for button in buttons} >= {"Branch", "Matter"}
    assert not page.all("input", name="task_name")


def test_a_click_answers_it(client: Client) -> None:
    dataset = stored(OPEN)
    tell(client, dataset, label_column="Matter")
    assert labels(dataset) == ["parcel", "praise", "refund"]
    assert shown(client, dataset).all("input", name="task_name")


def test_all_guesses_are_kept_by_one_click(client: Client) -> None:
    dataset = stored(OPEN)
    before = labels(dataset)
    tell(client, dataset, accept_guesses="1")
    assert (dataset.questions, labels(dataset)) == ([], before)


def test_nothing_is_trained_while_something_is_open(client: Client) -> None:
    dataset = stored(OPEN)
    fields = {"task_name": "mine", "preset": "quick"}
    page = read(client.post(reverse("dataset", args=[dataset.token]), fields), 422)
    assert "The training was not started" in page.text
    assert not Job.objects.exists()


def test_a_guess_is_taken_back(client: Client) -> None:
    dataset = stored(CLEAR)
    assert dataset.findings["splits"] == {"train": 30, "test": 30}
    page = shown(client, dataset)
    assert page.all("input", name="split_column", value="(none)")
    tell(client, dataset, split_column="(none)")
    assert dataset.findings["splits"] == {}


def test_classes_are_renamed_left_out_and_put_back(client: Client) -> None:
    dataset = stored(CLEAR)
    tell(client, dataset, old=["parcel", "praise", "refund"], new=["box", "", "refund"])
    assert labels(dataset) == ["box", "refund"]
    tell(client, dataset, old=["box", "refund"], new=["carton", "refund"])
    assert labels(dataset) == ["carton", "refund"]
    assert not [note for note in dataset.findings["warnings"] if note["where"] == "Classes"]
    assert "Back to the names in the file" in shown(client, dataset).text
    tell(client, dataset, classes="")
    assert labels(dataset) == ["parcel", "praise", "refund"]


def test_classes_of_one_name_become_one(client: Client) -> None:
    dataset = stored(CLEAR)
    tell(client, dataset, old=["parcel", "praise", "refund"], new=["parcel", "praise", "parcel"])
    assert dataset.classes == [{"label": "parcel", "count": 40}, {"label": "praise", "count": 20}]


def test_too_few_classes_are_refused_and_the_data_stays(client: Client) -> None:
    dataset = stored(CLEAR)
    page = tell(client, dataset, 422, old=["parcel", "praise", "refund"], new=["a", "a", "a"])
    assert page is not None
    assert "only one class" in page.text
    assert labels(dataset) == ["parcel", "praise", "refund"]


def read_again(client: Client, dataset: Dataset, status: int = 302, **fields: Any) -> None:
    columns = {"input_column": "Told us", "label_column": dataset.findings["label_column"]}
    answer = client.post(reverse("dataset-columns", args=[dataset.token]), columns | fields)
    assert answer.status_code == status
    dataset.refresh_from_db()


def test_columns_are_joined_and_parted_again(client: Client) -> None:
    dataset = stored(CLEAR)
    read_again(client, dataset, input_columns=["Branch"])
    assert dataset.findings["input_columns"] == ["Told us", "Branch"]
    read_again(client, dataset)
    assert dataset.findings["input_columns"] == ["Told us"]


def test_a_form_that_leaves_a_question_does_not_answer_it(client: Client) -> None:
    dataset = stored(OPEN)
    read_again(client, dataset, encoding="utf-8")
    assert dataset.options == {"encoding": "utf-8"}
    assert dataset.questions


def test_edits_of_classes_end_with_their_column(client: Client) -> None:
    dataset = stored(CLEAR)
    tell(client, dataset, old=["parcel"], new=["box"])
    read_again(client, dataset, label_column="Branch")
    assert labels(dataset) == ["north", "south"]
    assert "classes" not in dataset.options


def test_a_preview_in_the_page_asks_for_a_new_page_when_a_question_goes(client: Client) -> None:
    dataset = stored(OPEN)
    columns = {"input_column": "Told us", "label_column": "Matter", "split_column": "part"}
    other = "Branch" if dataset.findings["label_column"] == "Matter" else "Matter"
    answer = client.post(
        reverse("dataset-columns", args=[dataset.token]),
        columns | {"label_column": other},
        headers={"HX-Request": "true"},
    )
    assert answer.headers["HX-Refresh"] == "true"


def test_every_field_of_the_page_has_a_label(client: Client) -> None:
    page = shown(client, stored(CLEAR))
    labelled = {element["for"] for element in page.all("label") if element.get("for")}
    for kind in ("select", "input", "textarea"):
        for field in page.all(kind):
            inside_its_label = field.get("type") in ("hidden", "radio")
            assert inside_its_label or field.get("id") in labelled, field


def test_a_table_of_nothing_but_text_and_label_can_be_steered_too(client: Client) -> None:
    rows = "".join(f"text {i},{('good', 'bad')[i % 2]}\n" for i in range(20))
    page = shown(client, stored("input,label\n" + rows))
    assert page.all("select", name="encoding")
    assert page.all("select", name="split_column")


def test_pictures_are_steered_by_the_options_of_their_kind(client: Client) -> None:
    upload = ContentFile(pictures_zip(("red", "green"), 3), name="colours.zip")
    dataset = dataset_store.store_upload(task_type=Task.IMAGE, upload=upload)
    page = shown(client, dataset)
    assert page.all("select", name="labels_from")
    assert not page.all("select", name="label_column")
    assert "Rename, join" in page.text
    answer = client.post(reverse("dataset-columns", args=[dataset.token]), {"splits": "merge"})
    assert answer.status_code == 302
    dataset.refresh_from_db()
    assert dataset.options == {"splits": "merge"}
    assert client.post(reverse("dataset-columns", args=[dataset.token]), {}).status_code == 302
    dataset.refresh_from_db()
    assert dataset.options == {}
