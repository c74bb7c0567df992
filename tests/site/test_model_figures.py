"""Behind the figures of a model's page: samples, thresholds, results as a file; its life."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from modelstore.models import TrainedModel
from tests.bundles import picture
from tests.site.kept_examples import keep_examples
from tests.site.test_model_page import file, predict
from tests.site.test_pages import read
from tests.tasks import Task


def page(client: Client, model: TrainedModel, **query):
    return read(client.get(reverse("model", args=[model.token]), query))


def test_a_cell_leads_to_the_pictures_behind_it(client: Client, make_model) -> None:
    model = keep_examples(make_model(), "red/7.jpg")
    address = f"{reverse('model-examples', args=[model.token])}?truth=0&predicted=0"
    (link,) = page(client, model).all("a", href=address)
    assert link["aria-label"] == "20: red taken for red"
    shown = read(client.get(address))
    assert "1 of 20" in shown.text and "62.5" in shown.text
    assert shown.all("img", alt="red/7.jpg")[0]["src"].startswith("data:image/jpeg;base64,")
    part = client.get(address, headers={"X-Part": "examples"}).content
    assert b"<html" not in part and b"red/7.jpg" in part


def test_sentences_behind_a_cell_are_escaped(client: Client, make_model) -> None:
    model = keep_examples(make_model(Task.TEXT))
    address = reverse("model-examples", args=[model.token])
    assert "great <b>fun</b>" in read(client.get(address, {"truth": 0, "predicted": 0})).text


@pytest.mark.parametrize(
    "query", ["truth=1&predicted=0", "truth=9&predicted=0", "truth=x&predicted=-1", "", "truth=0"]
)
def test_a_cell_with_nothing_behind_it_is_told(client: Client, make_model, query: str) -> None:
    address = reverse("model-examples", args=[keep_examples(make_model()).token])
    read(client.get(f"{address}?{query}"), 404)


def test_a_model_of_before_has_no_links(client: Client, make_model) -> None:
    model = make_model()
    shown = page(client, model)
    assert not [link for link in shown.all("a") if "examples" in link.get("href", "")]
    read(client.get(reverse("model-examples", args=[model.token]), {"truth": 0, "predicted": 0}), 404)


def test_damaged_examples_are_not_shown(client: Client, make_model, settings) -> None:
    model = keep_examples(make_model())
    (settings.MEDIA_ROOT / model.storage_prefix / "examples.zip").write_bytes(b"something else")
    address = reverse("model-examples", args=[model.token])
    read(client.get(address, {"truth": 0, "predicted": 0}), 503)


def test_a_threshold_tells_its_price_and_goes_into_the_form(client: Client, make_model) -> None:
    model = keep_examples(make_model())
    assert "Unsure 5" in page(client, model).text.replace("\N{NO-BREAK SPACE}", " ")
    asked = page(client, model, threshold=80)
    assert "Unsure 40 % Right among the others 99 %" in asked.text.replace("\N{NO-BREAK SPACE}", " ")
    assert asked.all("input", id="id_threshold")[0]["value"] == "80"
    assert len(asked.all("circle", **{"class": "dot val"})) >= 2
    page(client, model, threshold="abc")


def test_below_the_threshold_it_is_none_of_the_classes(client: Client, make_model) -> None:
    response = predict(client, make_model(Task.TEXT), {"sentences": "great fun\nso so", "threshold": "60"})
    assert [outcome.unsure for outcome in response.context["outcomes"]] == [False, True]
    assert "None of the classes" in read(response).text


@pytest.mark.parametrize(
    ("task", "data", "words"),
    [
        # Nothing of a picture in one colour speaks more than the rest.
        (Task.IMAGE, {"image": [file("a.png"), file("b.png", b"x")]}, "No single part made it say"),
        (Task.TEXT, {"sentences": "great fun\ntable"}, "spoke for"),
    ],
)
def test_it_says_why_where_asked(client: Client, make_model, task: Task, data, words: str) -> None:
    assert words in read(predict(client, make_model(task), {**data, "explain": "on"})).text


def test_many_become_a_table_and_a_file_that_no_spreadsheet_runs(client: Client, make_model) -> None:
    model = make_model(Task.TEXT)
    lines = "=cmd() great\n" + "great fun\n" * 9
    assert read(predict(client, model, {"sentences": lines})).all("table")
    response = predict(client, model, {"sentences": lines, "as": "csv", "threshold": "99"})
    assert response["Content-Disposition"] == 'attachment; filename="colours-predictions.csv"'
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert len(rows) == 10 and rows[0]["input"] == "'=cmd() great"
    assert (rows[1]["label"], rows[1]["unsure"], rows[1]["second"]) == ("good", "yes", "bad")


def test_a_bad_picture_has_its_reason_in_the_file(client: Client, make_model) -> None:
    files = {"image": [file("a.png"), file("b.png", picture()[:50])], "as": "csv"}
    rows = list(csv.DictReader(io.StringIO(predict(client, make_model(), files).content.decode("utf-8-sig"))))
    assert rows[0]["label"] == "green" and "cannot be read" in rows[1]["error"]


def test_its_owner_extends_it_once_and_for_so_long(client: Client, make_model) -> None:
    model = make_model(age=1.5)
    before = page(client, model)
    assert before.all("form", action=reverse("model-extend", args=[model.token]))
    after = read(client.post(reverse("model-extend", args=[model.token]), follow=True))
    assert "It now lives for another" in after.text
    model.refresh_from_db()
    assert model.expires_override > timezone.now() + timedelta(hours=1.9)
    assert client.get(reverse("model-extend", args=[model.token])).status_code == 405


def test_deleting_asks_first(client: Client, make_model, django_capture_on_commit_callbacks) -> None:
    model = make_model()
    address = reverse("model-delete", args=[model.token])
    assert page(client, model).all("a", href=address)
    assert "This cannot be undone" in read(client.get(address)).text
    assert TrainedModel.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert "has been deleted" in read(client.post(address)).text
    read(client.get(reverse("model", args=[model.token])), 410)


def test_what_an_operator_keeps_cannot_be_deleted_by_hand(client: Client, make_model) -> None:
    model = make_model()
    TrainedModel.objects.update(pinned=True)
    address = reverse("model-delete", args=[model.token])
    assert not page(client, model).all("a", href=address)
    assert "keeps this model" in read(client.post(address), 403).text


def test_a_form_of_another_site_deletes_nothing(make_model) -> None:
    model = make_model()
    strict = Client(enforce_csrf_checks=True)
    for name in ("model-delete", "model-extend"):
        assert strict.post(reverse(name, args=[model.token])).status_code == 403
    assert TrainedModel.objects.exists()
