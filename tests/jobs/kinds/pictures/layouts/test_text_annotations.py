import gzip
import json

import pytest

from tests.jobs.kinds.pictures.layouts.made_up import classes, loose, said, under
from tests.jobs.kinds.pictures.layouts.test_annotations import label_studio

STEMS = [f"{at:03}" for at in range(12)]


def lists(more="", **classes_of):
    """Lists of VOC: the first nine pictures train, the others are the validation part."""
    files = {}
    for label, shows in classes_of.items():
        for part, stems in (("train", STEMS[:9]), ("val", STEMS[9:])):
            lines = [f"{stem} {' 1' if shows(int(stem)) else '-1'}" for stem in stems]
            files[f"ImageSets/Main/{label}_{part}.txt"] = ("\n".join(lines) + more).encode()
    return files


def test_lists_of_each_class_tell_labels_and_parts(inspect_zip):
    files = lists(oak=lambda at: at % 2 == 0, elm=lambda at: at % 2 == 1, rest=lambda at: False)
    findings = inspect_zip(loose(12, "JPEGImages") | files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 9, "validation": 3}
    assert "Pascal VOC lists" in said(findings)


def test_pictures_in_several_lists_have_several_labels(inspect_zip, refusal_of):
    files = lists(oak=lambda at: True, elm=lambda at: at % 2 == 1)
    refusal = refusal_of(inspect_zip, loose(12, "JPEGImages") | files)
    assert refusal.code == "several_labels"
    assert "6 pictures" in refusal.detail


def test_lists_with_other_words_are_no_lists_of_classes(inspect_zip, refusal_of):
    files = lists("\nand more words", oak=lambda at: at % 2 == 0, elm=lambda at: at % 2 == 1)
    assert refusal_of(inspect_zip, loose(12, "JPEGImages") | files).code == "no_class_folders"


def kitti(*labels):
    return b"".join(
        f"{label} 0.00 0 -1.57 1.0 2.0 30.0 31.0 1.5 1.6 3.9 1.8 1.4 8.4 0.01\n".encode() for label in labels
    )


def test_boxes_of_kitti_are_read_as_what_the_pictures_show(inspect_zip):
    boxes = {f"label_2/{stem}.txt": kitti(("Car", "Tram")[int(stem) % 2], "DontCare") for stem in STEMS}
    findings = inspect_zip(under("training", loose(12, "image_2", "png") | boxes))
    assert classes(findings) == {"Car": 6, "Tram": 6}
    assert "These are boxes (KITTI)" in said(findings)


def test_boxes_of_several_classes_are_refused_as_boxes(inspect_zip, refusal_of):
    boxes = {f"label_2/{stem}.txt": kitti("Car", "Tram") for stem in STEMS}
    refusal = refusal_of(inspect_zip, loose(12, "image_2", "png") | boxes)
    assert (refusal.code, "KITTI" in refusal.detail) == ("boxes", True)


def test_darknet_keeps_its_parts_and_names(inspect_zip):
    files = {"obj.names": b"oak\nelm\n", "obj.data": b"classes = 2\n"}
    for at, stem in enumerate(STEMS):
        folder = "obj_train_data" if at < 8 else "obj_val_data"
        files |= loose(1, folder, start=at) | {f"{folder}/{stem}.txt": f"{at % 2} .5 .5 .2 .2\n".encode()}
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 8, "validation": 4}


@pytest.mark.parametrize("name", ["synsets.txt", "labels.txt"])
def test_numbers_in_lists_have_the_names_beside_them(inspect_zip, name):
    lines = [f"{stem}.jpg {at % 2}" for at, stem in enumerate(STEMS)]
    files = {
        name: b"oak\nelm\n",
        "train.txt": "\n".join(lines[:8]).encode(),
        "val.txt": "\n".join(lines[8:]).encode(),
    }
    findings = inspect_zip(loose(12, "images") | files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 8, "validation": 4}


def test_a_list_around_the_list_of_label_studio_is_no_obstacle(inspect_zip):
    wrapped = json.dumps([json.loads(label_studio())]).encode()
    assert classes(inspect_zip(loose(10, "images") | {"result.json": wrapped})) == {"elm": 5, "oak": 5}


PIXELS = ",".join(map(str, range(200)))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"train-images-idx3-ubyte.gz": gzip.compress(b"\0\0\x08\x03")}, "format of MNIST"),
        ({"shapes.bin": b"\0\0\x08\x03" + bytes(900)}, "format of MNIST"),
        ({"mnist_train.csv": f"1,{PIXELS}\n0,{PIXELS}\n".encode()}, "a table of pixels"),
        ({"faces.csv": f"emotion,pixels\n0,{PIXELS.replace(',', ' ')}\n".encode()}, "a table of pixels"),
        ({"words.csv": b"text,label\nhello there,greeting\n"}, "no pictures in the zip"),
        ({"numbers.csv": b"a,b\n" + b"1,2\n" * 500}, "no pictures in the zip"),
    ],
)
def test_pictures_kept_as_numbers_have_their_true_name(inspect_zip, refusal_of, files, words):
    refusal = refusal_of(inspect_zip, files)
    assert words in refusal.detail
    assert "cats/1.jpg" in refusal.detail
