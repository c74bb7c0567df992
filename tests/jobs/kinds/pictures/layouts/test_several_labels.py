"""Pictures with any number of labels, where somebody says that each is learnt."""

import json

import pytest

from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.pictures.zip_of_pictures import unpack_pictures
from tests.jobs.kinds.pictures.layouts.made_up import classes, loose
from tests.jobs.kinds.pictures.layouts.test_annotations import NAMES, PICTURES, coco, voc
from tests.jobs.kinds.pictures.layouts.test_tables import csv_of
from tests.jobs.uploads.builders import zip_bytes
from training.ground.limits import Limits
from training.kinds.pictures.reading import read_pictures

FLAGS = csv_of(
    ["image", "sun", "sea", "sky"],
    [(f"{i:03}.jpg", int(i % 2), int(i % 3 == 2), int(i % 3 == 1)) for i in range(12)],
)


def test_rows_of_zeros_and_ones_give_each_label_and_none(inspect_zip):
    findings = inspect_zip(loose(12) | {"tags.csv": FLAGS}, several_labels="each")
    assert (findings.target, findings.sample_count, findings.unlabelled) == ("many_labels", 12, 2)
    assert classes(findings) == {"sea": 4, "sky": 4, "sun": 6}
    assert any("several labels" in note.message for note in findings.repairs)
    assert {"(none)", "sun"} <= {thumbnail["label"] for thumbnail in findings.thumbnails}


def test_the_trainer_gets_them(tmp_path):
    path, data = tmp_path / "a.zip", tmp_path / "data"
    path.write_bytes(zip_bytes(loose(12) | {"tags.csv": FLAGS}))
    unpack_pictures(path, data, Limits(), PictureOptions(several_labels="each"))
    samples = read_pictures(data)
    assert samples.target == "many_labels"
    assert samples.names[:3] == [(), ("sky", "sun"), ("sea",)]
    assert samples.classes == ["sea", "sky", "sun"]


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": coco(boxed=True, more=[(i, (i + 1) % 2 + 1) for i in range(5)])},
        {"a.json": coco(more=[(i, (i + 1) % 2 + 1) for i in range(5)])},
        {f"Annotations/{name[:-4]}.xml": voc(name, *NAMES[: 1 + i % 2]) for i, name in enumerate(PICTURES)},
    ],
)
def test_classes_in_a_picture_become_its_labels(inspect_zip, files):
    findings = inspect_zip(loose(10, "images") | files, several_labels="each")
    assert findings.target == "many_labels"
    assert set(classes(findings)) == {"elm", "oak"}
    assert sum(classes(findings).values()) == 15
    assert findings.sample_count == 10


def test_lists_of_labels_in_metadata_are_learnt_and_renamed(inspect_zip):
    lists = [["oak", "elm"], ["oak"], [" Elm", "yew"]]
    lines = [json.dumps({"file_name": f"{i:03}.jpg", "labels": lists[i % 3]}) for i in range(12)]
    files = loose(12) | {"metadata.jsonl": "\n".join(lines).encode()}
    findings = inspect_zip(files, several_labels="each")
    assert classes(findings) == {"elm": 8, "oak": 8, "yew": 4}
    edited = inspect_zip(files, several_labels="each", classes={"oak": "tree", "yew": "bush", "elm": ""})
    assert (edited.sample_count, classes(edited)) == (12, {"bush": 4, "tree": 8})


def test_pictures_with_several_labels_are_left_out_by_choice(inspect_zip):
    findings = inspect_zip(loose(12) | {"tags.csv": FLAGS}, several_labels="keep_single")
    assert (findings.target, classes(findings)) == ("one_label", {"sea": 2, "sky": 2, "sun": 2})


def test_one_label_each_stays_one_label(inspect_zip):
    lines = [(f"{i:03}.jpg", ("oak", "elm")[i % 2]) for i in range(8)]
    findings = inspect_zip(
        loose(8) | {"labels.csv": csv_of(["image", "label"], lines)}, several_labels="each"
    )
    assert (findings.target, classes(findings)) == ("one_label", {"elm": 4, "oak": 4})
