"""Zips as public datasets and their copies are laid out, with lists, codes and tables beside the pictures."""

import io
import json
import zipfile

import pytest

from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, loose, said, under
from tests.jobs.uploads.builders import picture, zip_bytes


def fields(findings):
    return [question.field for question in findings.questions]


def lines(*rows):
    return "\n".join(rows).encode()


# --- What lies beside the pictures does not change what the zip is --------------------------------------------------


def workbook():
    """As much of one as its directory shows, stored without compression."""
    return zip_bytes({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>"}, zipfile.ZIP_STORED)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_workbook_beside_pictures_does_not_make_a_workbook_of_the_zip(inspect_zip, compression):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in (kinds("oak", "elm") | {"list.xlsx": workbook()}).items():
            archive.writestr(name, data)
    assert classes(inspect_zip(buffer.getvalue())) == {"elm": 3, "oak": 3}


@pytest.mark.parametrize(("name", "words"), [("marks.mat", "MATLAB"), ("labels.npz", "NumPy")])
def test_labels_in_files_that_are_not_read_are_called_so(inspect_zip, refusal_of, name, words):
    refusal = refusal_of(inspect_zip, loose(8, "jpg") | {name: b"MATLAB 5.0" + bytes(90)})
    assert refusal.code == "no_class_folders"
    assert f"may be in {name}, but this is a" in refusal.detail
    assert words in refusal.detail


# --- Numbers of parts are no classes --------------------------------------------------------------------------------


def test_a_list_of_parts_by_number_is_not_a_table_of_classes(inspect_zip, refusal_of):
    parts = lines(*(f"{at:03}.jpg {at % 3}" for at in range(12)))
    assert refusal_of(inspect_zip, loose(12) | {"list_eval_partition.txt": parts}).code == "no_class_folders"


def test_such_a_list_tells_the_parts_of_folders(inspect_zip):
    files = {
        f"{name}/{name}{at}.jpg": picture(at + 50 * (name == "oak"))
        for name in ("oak", "elm")
        for at in range(6)
    }
    rows = [f"{name}{at}.jpg,{0 if at < 4 else 2}" for name in ("oak", "elm") for at in range(6)]
    findings = inspect_zip(files | {"splits.csv": lines("image,part", *rows)})
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 8, "test": 4}


def test_a_table_with_its_length_in_front_has_columns_of_classes(inspect_zip, refusal_of):
    rows = [f"{at:03}.jpg {' '.join('1' if at % k == 0 else '-1' for k in (2, 3))}" for at in range(12)]
    refusal = refusal_of(inspect_zip, loose(12) | {"attributes.txt": lines("12", "Striped Round", *rows)})
    assert refusal.code == "several_labels"
    assert "Striped, Round" in refusal.detail


def test_of_several_ways_to_part_the_pictures_the_first_counts(inspect_zip):
    files = kinds("oak", "elm", count=8)
    for fold in (1, 2):
        for part, at in (("train", range(6)), ("test", range(6, 8))):
            rows = [f"{name}/{(number + fold) % 8}.jpg" for name in ("oak", "elm") for number in at]
            files[f"labels/{part}{fold}.txt"] = lines(*rows)
    findings = inspect_zip(files)
    assert findings.splits == {"train": 12, "test": 4}
    assert "Of 2 ways to part it, this is the first" in said(findings)


@pytest.mark.parametrize("more", [{}, under("validation", kinds("fine", start=60))])
def test_a_part_to_train_on_with_one_class_alone_is_combined_with_the_others(inspect_zip, more):
    files = under("train", kinds("fine", count=5)) | under("test", kinds("fine", "torn", start=30)) | more
    findings = inspect_zip(files)
    assert classes(findings) == {"fine": 8 + len(more), "torn": 3}
    assert findings.splits == {}
    assert "fewer than two classes" in said(findings)


# --- Codes and their names ------------------------------------------------------------------------------------------

NAMES = {
    "cat_to_name.json": json.dumps({"1": "lily", "21": "aster", "3": "not here"}).encode(),
    "labels.txt": lines("1 lily", "21 aster", "3 not here"),
    "index.json": json.dumps({"lily": 1, "aster": 21}).encode(),
}


@pytest.mark.parametrize("name", NAMES)
def test_folders_that_are_codes_get_their_names(inspect_zip, name):
    files = (
        under("train", kinds("1", "21")) | under("valid", kinds("1", "21", start=30)) | {name: NAMES[name]}
    )
    findings = inspect_zip(files)
    assert classes(findings) == {"aster": 6, "lily": 6}
    assert "The folders are codes" in said(findings)
    assert classes(inspect_zip(files, labels_from="folders")) == {"1": 6, "21": 6}


def test_words_of_synsets_are_their_names(inspect_zip):
    files = kinds("n00000021", "n00000034") | {
        "LOC_synset_mapping.txt": lines("n00000021 lily, fire lily", "n00000034 aster")
    }
    assert classes(inspect_zip(files)) == {"aster": 3, "lily, fire lily": 3}


@pytest.mark.parametrize("words", [["1 lily"], ["1 lily", "21 lily"]])
def test_codes_without_a_name_of_their_own_stay(inspect_zip, words):
    assert classes(inspect_zip(kinds("1", "21") | {"labels.txt": lines(*words)})) == {"1": 3, "21": 3}


# --- Folders against what names and annotations say -----------------------------------------------------------------


def places(*names):
    every = [(place, name, at) for place in ("site1", "site2") for name in names for at in range(6)]
    return {f"{place}/{name}_{at}.jpg": picture(400 + seed) for seed, (place, name, at) in enumerate(every)}


def coco(files, label_of):
    document = {
        "images": [{"id": at, "file_name": name} for at, name in enumerate(files)],
        "categories": [{"id": 1, "name": "deer"}, {"id": 2, "name": "fox"}],
        "annotations": [
            {"id": at, "image_id": at, "category_id": label_of(at, name)} for at, name in enumerate(files)
        ],
    }
    return {"trap.json": json.dumps(document).encode()}


def test_annotations_that_differ_from_the_folders_are_asked_about(inspect_zip):
    files = places("rcnx")
    files |= coco(files, lambda at, name: 1 + at % 2)
    findings = inspect_zip(files)
    assert fields(findings) == ["labels_from"]
    assert findings.questions[0].choices == ("folders", "table trap.json")
    assert classes(findings) == {"deer": 6, "fox": 6}
    assert classes(inspect_zip(files, labels_from="folders")) == {"site1": 6, "site2": 6}


def test_annotations_that_say_the_same_as_the_folders_are_no_question(inspect_zip):
    files = places("rcnx")
    files |= coco(files, lambda at, name: 1 + name.startswith("site2"))
    findings = inspect_zip(files)
    assert (fields(findings), classes(findings)) == ([], {"site1": 6, "site2": 6})


def test_names_that_tell_the_same_classes_in_each_numbered_folder_are_asked_about(inspect_zip):
    files = places("deer", "fox")
    findings = inspect_zip(files)
    assert fields(findings) == ["labels_from"]
    assert (findings.questions[0].guess, classes(findings)) == ("file_names", {"deer": 12, "fox": 12})
    assert classes(inspect_zip(files, labels_from="folders")) == {"site1": 12, "site2": 12}


@pytest.mark.parametrize("names", [("rot", "flip"), ("front", "back"), ("train", "test"), ("img", "dsc")])
def test_names_of_versions_views_parts_and_cameras_are_no_question(inspect_zip, names):
    files = {
        name.replace("site1", "oak").replace("site2", "elm"): data for name, data in places(*names).items()
    }
    findings = inspect_zip(files)
    assert (fields(findings), classes(findings)) == ([], {"elm": 12, "oak": 12})


# --- Lists with numbers, and folders of persons ---------------------------------------------------------------------


def numbered(folders):
    names = [f"{folders[at % 2]}shot_{at:02}.jpg" for at in range(12)]
    files = {f"images/{name}": picture(at + 300) for at, name in enumerate(names)}
    return under(
        "birds",
        files
        | {
            "images.txt": lines(*(f"{at} {name}" for at, name in enumerate(names, 1))),
            "image_class_labels.txt": lines(*(f"{at} {(at - 1) % 2 + 1}" for at in range(1, 13))),
            "classes.txt": lines("1 001.Auk", "2 002.Booby"),
            "train_test_split.txt": lines(*(f"{at} {int(at < 9)}" for at in range(1, 13))),
        },
    )


@pytest.mark.parametrize("folders", [("", ""), ("001.Auk/", "002.Booby/")])
def test_lists_by_number_tell_classes_and_parts(inspect_zip, folders):
    findings = inspect_zip(numbered(folders))
    assert classes(findings) == {"001.Auk": 6, "002.Booby": 6}
    assert findings.splits == {"train": 8, "test": 4}


def test_numbered_persons_around_the_classes_are_the_sources(manifest_of):
    files = {}
    for at in range(6):
        files |= under(f"P{at:02}", kinds("calm", "happy", start=at * 40))
    assert {(row["label"], row["group"]) for row in manifest_of(files)} == {
        (label, f"P{at:02}/") for label in ("calm", "happy") for at in range(6)
    }


def test_a_few_numbered_folders_around_the_classes_are_only_joined(manifest_of):
    files = {}
    for at in range(3):
        files |= under(f"P{at:02}", kinds("calm", "happy", start=at * 40))
    assert not any(row.get("group") for row in manifest_of(files))
