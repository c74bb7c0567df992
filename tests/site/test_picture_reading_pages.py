"""The page of a zip of pictures as the place where one steers how it is read."""

import io
import json
import zipfile
from collections.abc import Mapping

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from jobs.datasets import dataset_store
from jobs.models import Dataset
from tests.bundles import picture
from tests.site.test_reading_pages import shown, tell
from tests.tasks import Task

pytestmark = pytest.mark.django_db


def drawn(count: int, start: int = 0) -> list[bytes]:
    return [
        picture(("red", "green", "blue")[at % 3], size=(20 + at, 21)) for at in range(start, start + count)
    ]


def zip_of(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def stored(files: Mapping[str, bytes]) -> Dataset:
    return dataset_store.store_upload(
        task_type=Task.IMAGE, upload=ContentFile(zip_of(files), name="things.zip")
    )


def folders(*names: str, each: int = 4) -> dict[str, bytes]:
    pictures = iter(drawn(len(names) * each))
    return {f"{name}/{at}.png": next(pictures) for name in names for at in range(each)}


def two_levels() -> dict[str, bytes]:
    return folders(*(f"{top}/{name}" for top in ("harbour", "meadow") for name in ("bench", "kite")))


def with_table() -> dict[str, bytes]:
    """Folders and a table that says something else of the same pictures."""
    names = [f"{place}/{at:02}.png" for place in ("attic", "cellar") for at in range(8)]
    lines = [
        f"{name},{('cup', 'jug')[at % 2]},{('old', 'new')[at // 2 % 2]}" for at, name in enumerate(names)
    ]
    files = dict(zip(names, drawn(16), strict=True))
    return files | {"list.csv": "\n".join(["file,label,age", *lines]).encode()}


def counts(dataset: Dataset) -> dict[str, int]:
    return {entry["label"]: entry["count"] for entry in dataset.classes}


def test_which_folders_are_the_classes_is_answered_by_a_click(client: Client) -> None:
    dataset = stored(two_levels())
    page = shown(client, dataset)
    assert "The folders one level deeper" in page.text
    assert {button["value"] for button in page.all("button", name="labels_from")} == {"folders", "subfolders"}
    tell(client, dataset, labels_from="folders")
    assert counts(dataset) == {"harbour": 8, "meadow": 8}
    assert shown(client, dataset).all("input", name="task_name")


def test_a_table_and_its_columns_are_offered_beside_the_folders(client: Client) -> None:
    dataset = stored(with_table())
    page = shown(client, dataset)
    assert page.all("option", value="table list.csv")
    assert page.all("option", value="age")
    tell(client, dataset, labels_from="table list.csv", label_column="age")
    assert counts(dataset) == {"new": 8, "old": 8}
    # The column was one of the table.
    tell(client, dataset, labels_from="folders")
    assert (dataset.options, counts(dataset)) == ({"labels_from": "folders"}, {"attic": 8, "cellar": 8})


def test_given_parts_are_combined_and_kept_again(client: Client) -> None:
    dataset = stored(folders(*(f"{part}/{name}" for part in ("train", "test") for name in ("oak", "elm"))))
    assert dataset.findings["splits"] == {"train": 8, "test": 8}
    assert shown(client, dataset).all("input", name="splits", value="merge")
    tell(client, dataset, splits="merge")
    assert dataset.findings["splits"] == {}
    assert shown(client, dataset).all("input", name="splits", value="")


def test_classes_that_differ_in_case_are_parted_again(client: Client) -> None:
    dataset = stored(folders("Oak", "oak", "elm"))
    assert counts(dataset) == {"Oak": 8, "elm": 4}
    assert shown(client, dataset).all("input", name="join_case", value="no")
    tell(client, dataset, join_case="no")
    assert counts(dataset) == {"Oak": 4, "elm": 4, "oak": 4}


def test_masks_are_taken_back_in(client: Client) -> None:
    files = {
        f"{name}/{at}{end}.png": b"" for name in ("oak", "elm") for at in range(4) for end in ("", "_mask")
    }
    dataset = stored(dict(zip(files, drawn(16), strict=True)))
    assert counts(dataset) == {"elm": 4, "oak": 4}
    assert shown(client, dataset).all("input", name="companions", value="keep")
    tell(client, dataset, companions="keep")
    assert counts(dataset) == {"elm": 8, "oak": 8}


def test_classes_of_pictures_are_renamed_joined_and_left_out(client: Client) -> None:
    dataset = stored(folders("oak", "elm", "fir", "ash"))
    tell(client, dataset, old=["oak", "elm", "fir", "ash"], new=["leafy", "leafy", "fir", ""])
    assert counts(dataset) == {"fir": 4, "leafy": 8}
    tell(client, dataset, classes="")
    assert len(dataset.classes) == 4


def test_single_pictures_are_left_out_moved_and_put_back(client: Client) -> None:
    dataset = stored(folders("oak", "elm"))
    page = shown(client, dataset)
    assert {box["value"] for box in page.all("input", name="sample")} >= {"oak/0.png", "elm/3.png"}
    tell(client, dataset, sample=["oak/0.png"], to="")
    assert counts(dataset) == {"elm": 4, "oak": 3}
    tell(client, dataset, sample=["oak/1.png"], to="elm")
    assert counts(dataset) == {"elm": 5, "oak": 2}
    assert shown(client, dataset).all("input", name="pictures", value="")
    tell(client, dataset, pictures="")
    assert counts(dataset) == {"elm": 4, "oak": 4}


def test_edits_of_classes_end_with_the_folders_they_were_of(client: Client) -> None:
    dataset = stored(two_levels())
    tell(client, dataset, labels_from="subfolders")
    tell(client, dataset, old=["bench", "kite"], new=["seat", "kite"])
    tell(client, dataset, labels_from="folders")
    assert dataset.options == {"labels_from": "folders"}


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (folders("oak", "elm"), "the folders"),
        (two_levels(), "the folders one level deeper"),
        (
            dict(
                zip(
                    (f"{name}_{at}.png" for name in ("oak", "elm") for at in range(8)), drawn(16), strict=True
                )
            ),
            "the names of the files",
        ),
    ],
)
def test_what_is_left_open_says_what_was_found(client: Client, files, place) -> None:
    dataset = stored(files)
    assert dataset.findings["found"] == {"labels_from": place}
    assert f"As found: {place} The folders" in shown(client, dataset).text
    tell(client, dataset, labels_from="outer_folders" if "/" in next(iter(files)) else "file_names")
    # What would be found instead was not looked for.
    assert dataset.findings["found"] == {}
    assert "As found:" not in shown(client, dataset).text


def test_a_table_that_was_found_is_named_with_its_column(client: Client) -> None:
    names = [f"{at:02}.png" for at in range(8)]
    lines = [
        f"{name},{('cup', 'jug')[at % 2]},{('old', 'new')[at // 2 % 2]}" for at, name in enumerate(names)
    ]
    table = {"list.csv": "\n".join(["file,label,age", *lines]).encode()}
    dataset = stored(dict(zip(names, drawn(8), strict=True)) | table)
    assert dataset.findings["found"] == {"labels_from": "the table list.csv", "label_column": "label"}
    text = shown(client, dataset).text
    assert "As found: the table list.csv" in text and "As found: label" in text
    tell(client, dataset, label_column="age")
    assert dataset.findings["found"] == {"labels_from": "the table list.csv"}


def test_annotations_that_were_found_are_named(client: Client) -> None:
    names = [f"{at:02}.png" for at in range(8)]
    coco = {
        "images": [{"id": at, "file_name": name} for at, name in enumerate(names)],
        "categories": [{"id": 1, "name": "cup"}, {"id": 2, "name": "jug"}],
        "annotations": [{"id": at, "image_id": at, "category_id": 1 + at % 2} for at in range(8)],
    }
    dataset = stored(dict(zip(names, drawn(8), strict=True)) | {"all.json": json.dumps(coco).encode()})
    assert "As found: the annotations in all.json (COCO" in shown(client, dataset).text
