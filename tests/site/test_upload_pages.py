"""Handing over data: accepted, refused in words, nothing lost."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobs.models import Dataset, PlatformStatus
from jobs.uploads.right_form import ways_instead
from tests.published import at, opens, with_a_known_token
from tests.site.conftest import pictures_zip, table
from tests.site.test_pages import read
from training.kinds import KINDS

pytestmark = pytest.mark.django_db
JSON = {"Accept": "application/json"}


def zipped(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("colours.zip", pictures_zip() if data is None else data, "application/zip")


def test_a_zip_leads_to_its_page(client: Client) -> None:
    response = client.post(reverse("new-kind", args=["image"]), {"dataset": zipped()})
    dataset = at(response["Location"], Dataset.objects.get())
    assert response.status_code == 302
    assert response["Location"] == reverse("dataset", args=[dataset.token])
    page = read(client.get(response["Location"]))
    assert "6 pictures in 2 classes" in page.text
    assert (
        len([image for image in page.all("img") if (image["src"] or "").startswith("data:image/jpeg")]) == 6
    )


def test_the_script_gets_the_address_as_json(client: Client) -> None:
    response = client.post(reverse("new-kind", args=["image"]), {"dataset": zipped()}, headers=JSON)
    assert response.status_code == 201
    (url,) = response.json().values()
    assert opens(url.split("/")[-2], Dataset.objects.get())
    assert client.get(url).status_code == 200


def test_a_refused_zip_is_told_on_the_page(client: Client) -> None:
    response = client.post(
        reverse("new-kind", args=["image"]), {"dataset": zipped(pictures_zip(classes=("red",)))}
    )
    page = read(response, 422)
    assert "cannot be used as a dataset" in page.text
    assert not Dataset.objects.exists()


def test_a_refused_zip_is_told_to_the_script(client: Client) -> None:
    response = client.post(
        reverse("new-kind", args=["image"]), {"dataset": zipped(b"PK\x03\x04 but then nothing")}, headers=JSON
    )
    assert response.status_code == 400
    problem = json.loads(response.content)
    assert response["Content-Type"] == "application/problem+json"
    assert problem["detail"]
    assert not Dataset.objects.exists()


@pytest.mark.parametrize("address", ["/new/boxes/", "/new/imageclassification/"])
def test_there_is_no_page_for_a_kind_that_nobody_registered(client: Client, address: str) -> None:
    assert "nothing at this address" in read(client.get(address), 404).text


@pytest.mark.parametrize("slug", ["image", "text"])
def test_nothing_at_all_is_told_beside_the_file(client: Client, slug: str) -> None:
    assert "Choose a file first" in read(client.post(reverse("new-kind", args=[slug]), {}), 400).text


def test_pasted_rows_lead_to_their_page(client: Client) -> None:
    response = client.post(reverse("new-kind", args=["text"]), {"pasted": table().decode()}, follow=True)
    assert "6 sentences in 2 classes" in read(response).text


def test_refused_rows_are_not_lost(client: Client) -> None:
    page = read(
        client.post(reverse("new-kind", args=["text"]), {"pasted": "input,label\n<b>one</b>,good\n"}), 422
    )
    assert "<b>one</b>,good" in page.text


def test_dev_mode_refuses_before_the_file_is_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    monkeypatch.setattr(
        "jobs.datasets.dataset_store.store_upload", lambda **kwargs: pytest.fail("the file was read")
    )
    response = client.post(reverse("new-kind", args=["image"]), {"dataset": zipped()})
    assert response["Retry-After"]
    assert "under maintenance" in read(response, 503).text
    assert (
        client.post(reverse("new-kind", args=["image"]), {"dataset": zipped()}, headers=JSON).status_code
        == 503
    )


@pytest.mark.parametrize(
    ("name", "words"), [("shapes", "160 pictures in 4 classes"), ("messages", "400 sentences in 5 classes")]
)
def test_a_sample_needs_no_repair(client: Client, name: str, words: str) -> None:
    response = client.post(reverse("sample", args=[name]), follow=True)
    assert words in read(response).text
    findings = Dataset.objects.get().findings
    assert (findings["repairs"], findings["skipped_count"], findings["warnings"]) == ([], 0, [])


def test_there_are_no_other_samples(client: Client) -> None:
    assert client.post(reverse("sample", args=["secrets"])).status_code == 404
    assert client.get(reverse("sample", args=["shapes"])).status_code == 405


def table_of_several() -> str:
    """A label of its own in each row, beside a column with two."""
    rows = [f"red {number},{number % 2},how nice {number}" for number in range(8)]
    return "\n".join(["label,group,text", *rows])


def test_a_table_of_other_columns_is_read_again_without_javascript(client: Client) -> None:
    address = reverse("new-kind", args=["text"])
    page = read(client.post(address, {"pasted": table_of_several()}, follow=True))
    assert "a label of its own" in page.text
    assert "The file is kept" in page.text
    assert {"input_column", "label_column"} <= {element["name"] for element in page.all("select")}
    assert "red 1" in page.text
    chosen = {"input_column": "text", "label_column": "group"}
    again = reverse("dataset-columns", args=[with_a_known_token(Dataset.objects.get()).token])
    page = read(client.post(again, chosen, follow=True))
    assert "8 sentences in 2 classes" in page.text


def test_the_script_is_told_the_columns(client: Client) -> None:
    answer = client.post(
        reverse("new-kind", args=["text"]),
        {"pasted": table_of_several()},
        headers={"Accept": "application/json"},
    )
    columns = answer.json()["columns"]
    assert columns["names"] == ["label", "group", "text"]
    assert (columns["input"], columns["label"]) == ("text", "label")
    assert columns["rows"][0] == ["red 0", "0", "how nice 0"]
    assert opens(answer.json()["token"], Dataset.objects.get())


def test_a_column_that_is_not_there_is_told(client: Client) -> None:
    client.post(reverse("new-kind", args=["text"]), {"pasted": table_of_several()})
    again = reverse("dataset-options", args=[with_a_known_token(Dataset.objects.get()).token])
    page = read(client.post(again, {"label_column": "kind"}), 422)
    assert "There is no column" in page.text


def test_every_finding_is_in_the_csv(client: Client) -> None:
    rows = "input;label\n" + "good one;good\nbad one;bad\n" * 3 + ";bad\n" * 150
    page = read(client.post(reverse("new-kind", args=["text"]), {"pasted": rows}, follow=True))
    assert "The CSV file below lists them all" in page.text
    address = next(link["href"] for link in page.all("a") if "findings.csv" in (link.get("href") or ""))
    answer = client.get(address)
    assert answer["Content-Disposition"].startswith("attachment")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert sum(line.startswith('"skipped"') for line in lines) == 150
    assert any(line.startswith('"repair","Delimiter"') for line in lines)
    assert any("Exact copies" in line for line in lines)


def test_where_all_that_was_left_out_is_shown_no_file_is_named_for_more(client: Client) -> None:
    rows = "input;label\n" + "good one;good\nbad one;bad\n" * 3 + ";bad\n" * 2
    page = read(client.post(reverse("new-kind", args=["text"]), {"pasted": rows}, follow=True))
    assert "Left out: 2 rows" in page.text
    assert "The CSV file below" not in page.text


@pytest.mark.django_db
def test_an_empty_file_is_not_called_damaged(client: Client) -> None:
    empty = SimpleUploadedFile("empty.zip", b"", "application/zip")
    page = read(client.post(reverse("new-kind", args=["image"]), {"dataset": empty}), 400)
    assert "The file is empty" in page.text and "damaged" not in page.text


@pytest.mark.parametrize(
    ("slug", "name", "data", "title", "other"),
    [
        ("image", "moods.zip", table(), "Sentences", "text"),
        ("text", "colours.zip", pictures_zip(), "Pictures", "image"),
    ],
)
def test_a_refusal_that_names_the_other_kind_leads_there(
    client: Client, slug: str, name: str, data: bytes, title: str, other: str
) -> None:
    address = reverse("new-kind", args=[slug])
    refused = client.post(address, {"dataset": SimpleUploadedFile(name, data)})
    page = read(refused, refused.status_code)
    assert refused.status_code >= 400 and f'choose "{title}" instead.' in page.text
    (way,) = page.all("p", **{"data-instead": _sentence(title)})
    assert "hidden" not in way and f"Go to {title}" in page.text
    assert page.all("a", href=reverse("new-kind", args=[other]))
    told = client.post(address, {"dataset": SimpleUploadedFile(name, data)}, headers=JSON).json()
    assert _sentence(title) in told["detail"] and not {"ways", "links"} & set(told)


def test_other_refusals_lead_to_no_other_kind(client: Client) -> None:
    address = reverse("new-kind", args=["image"])
    refused = client.post(address, {"dataset": zipped(pictures_zip(classes=("red",)))})
    for answer, status in ((client.get(address), 200), (refused, 422)):
        (way,) = read(answer, status).all("p", **{"data-instead": _sentence("Sentences")})
        assert "hidden" in way


def _sentence(title: str) -> str:
    (sentence,) = (
        sentence
        for kind in KINDS.values()
        for sentence, other in ways_instead(kind)
        if other.words.title == title
    )
    return sentence
