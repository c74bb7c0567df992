"""All pictures of an upload, class by class: each can be moved or left out."""

import pytest
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset
from tests.site.test_pages import read
from tests.site.test_picture_reading_pages import counts, folders, stored
from tests.site.test_reading_pages import stored as stored_table
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def page_of(client: Client, dataset: Dataset, **asked: object):
    return read(client.get(reverse("dataset-samples", args=[dataset.token]), asked))


def test_every_picture_of_a_class_is_on_a_page(client: Client) -> None:
    dataset = stored(folders("oak", "elm", each=60))
    assert (
        reverse("dataset-samples", args=[dataset.token])
        in client.get(reverse("dataset", args=[dataset.token])).content.decode()
    )
    found = []
    for number, count in ((1, 48), (2, 12)):
        page = page_of(client, dataset, label="oak", page=number)
        boxes = page.all("input", name="sample")
        assert len(boxes) == count
        assert len([image for image in page.all("img") if image["src"].startswith("data:")]) == count
        found += [box["value"] for box in boxes]
    assert set(found) == {f"oak/{at}.png" for at in range(60)}
    assert "49 to 60 of 60" in page.text


def test_pictures_far_behind_are_moved_and_left_out(client: Client) -> None:
    dataset = stored(folders("oak", "elm", each=60))
    ticked = {"sample": ["oak/58.png", "oak/59.png"], "to": "elm", "at_label": "oak", "at_page": "2"}
    answer = client.post(reverse("dataset-options", args=[dataset.token]), ticked)
    assert (
        answer.headers["Location"] == reverse("dataset-samples", args=[dataset.token]) + "?label=oak&page=2"
    )
    dataset.refresh_from_db()
    assert counts(dataset) == {"elm": 62, "oak": 58}
    client.post(
        reverse("dataset-options", args=[dataset.token]),
        {"sample": "oak/57.png", "to": "", "at_label": "oak"},
    )
    dataset.refresh_from_db()
    assert counts(dataset) == {"elm": 62, "oak": 57}
    moved = page_of(client, dataset, label="elm").all("input", name="sample")
    assert {"oak/58.png", "oak/59.png"} <= {box["value"] for box in moved}


@pytest.mark.parametrize(
    "asked", [{"label": "fir"}, {"page": "0"}, {"page": "999"}, {"page": "x"}, {"label": ""}]
)
def test_odd_addresses_show_something(client: Client, asked: dict[str, str]) -> None:
    dataset = stored(folders("oak", "elm"))
    assert "elm" in page_of(client, dataset, **asked).text


def test_a_picture_that_cannot_be_used_is_said(client: Client) -> None:
    dataset = stored(folders("oak", "elm") | {"elm/bad.jpg": b"\xff\xd8\xff nonsense"})
    page = page_of(client, dataset, label="elm")
    assert "cannot be used" in page.text


def test_only_kinds_with_single_samples_have_such_pages(client: Client) -> None:
    dataset = stored_table("text,label\n" + "".join(f"A walk {i},{'ab'[i % 2]}\n" for i in range(20)))
    assert dataset.task_type == Task.TEXT
    assert client.get(reverse("dataset-samples", args=[dataset.token])).status_code == 404
    assert client.get(reverse("dataset-samples", args=["nothing"])).status_code == 404


def test_what_a_job_uses_can_be_seen_but_not_changed(client: Client, make_job) -> None:
    dataset = stored(folders("oak", "elm"))
    make_job(dataset=dataset)
    page = page_of(client, dataset, label="oak")
    assert "oak" in page.text and not page.all("input", name="sample")
