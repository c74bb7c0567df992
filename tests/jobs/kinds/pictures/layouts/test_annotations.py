import json

import pytest

from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, loose, said
from tests.jobs.uploads.builders import picture

NAMES = ["oak", "elm"]
PICTURES = [f"{i:03}.jpg" for i in range(10)]


def voc(name, *labels):
    boxes = "".join(
        f"<object><name>{label}</name><bndbox><xmin>1</xmin></bndbox></object>" for label in labels
    )
    return f"<?xml version='1.0'?><annotation><filename>{name}</filename>{boxes}</annotation>".encode()


def coco(boxed=False, more=()):
    annotations = [{"id": i, "image_id": i, "category_id": i % 2 + 1} for i in range(10)]
    annotations += [{"image_id": at, "category_id": kind} for at, kind in more]
    if boxed:
        annotations = [{**annotation, "bbox": [0, 0, 5, 5]} for annotation in annotations]
    document = {
        "images": [{"id": i, "file_name": name} for i, name in enumerate(PICTURES)],
        "categories": [{"id": 1, "name": "oak"}, {"id": 2, "name": "elm"}],
        "annotations": annotations,
    }
    return json.dumps(document).encode()


def datumaro(kind="label"):
    items = [
        {
            "id": name[:-4],
            "annotations": [{"type": kind, "label_id": i % 2}],
            "image": {"path": name},
            "attr": {},
        }
        for i, name in enumerate(PICTURES)
    ]
    labels = {"label": {"labels": [{"name": name} for name in NAMES]}}
    return json.dumps({"categories": labels, "items": items}).encode()


def label_studio(**last):
    def task(name, label):
        result = {"type": "choices", "value": {"choices": [label]}}
        return {"data": {"image": f"/data/upload/1/{name}"}, "annotations": [{"result": [result]}]}

    tasks = [task(name, NAMES[i % 2]) for i, name in enumerate(PICTURES)]
    tasks[-1]["annotations"][0] |= last
    return json.dumps(tasks).encode()


def cvat(part="tag"):
    images = "".join(
        f'<image id="{i}" name="{name}"><{part} label="{NAMES[i % 2]}"></{part}></image>'
        for i, name in enumerate(PICTURES)
    )
    return f"<?xml version='1.0' encoding='utf-8'?><annotations>{images}</annotations>".encode()


ANNOTATED = {
    "COCO": {"_annotations.coco.json": coco()},
    "COCO boxes": {"annotations/instances_default.json": coco(boxed=True)},
    "Datumaro": {"annotations/default.json": datumaro()},
    "Datumaro boxes": {"annotations/default.json": datumaro("bbox")},
    "Label Studio": {"export.json": label_studio()},
    "CVAT": {"annotations.xml": cvat()},
    "CVAT boxes": {"annotations.xml": cvat("box")},
    "Pascal VOC boxes": {
        f"Annotations/{name[:-4]}.xml": voc("old.jpg", NAMES[i % 2], NAMES[i % 2])
        for i, name in enumerate(PICTURES)
    },
    "YOLO boxes": {
        "data.yaml": b"nc: 2\nnames: ['oak', 'elm']\n",
        **{f"labels/{name[:-4]}.txt": f"{i % 2} .5 .5 .1 .1\n".encode() for i, name in enumerate(PICTURES)},
    },
    "CreateML boxes": {
        "_annotations.createml.json": json.dumps(
            [
                {"image": name, "annotations": [{"label": NAMES[i % 2], "coordinates": {"x": 1}}]}
                for i, name in enumerate(PICTURES)
            ]
        ).encode()
    },
    "LabelMe boxes": {
        f"images/{name[:-4]}.json": json.dumps(
            {"imagePath": name, "flags": {}, "shapes": [{"label": NAMES[i % 2]}]}
        ).encode()
        for i, name in enumerate(PICTURES)
    },
    "VIA boxes": {
        "via.json": json.dumps(
            {
                name: {
                    "filename": name,
                    "regions": [{"region_attributes": {"kind": NAMES[i % 2]}}],
                    "file_attributes": {},
                }
                for i, name in enumerate(PICTURES)
            }
        ).encode()
    },
}


@pytest.mark.parametrize("form", ANNOTATED)
def test_exports_of_labelling_tools_tell_the_labels(inspect_zip, form):
    findings = inspect_zip(loose(10, "images") | ANNOTATED[form])
    assert classes(findings) == {"elm": 5, "oak": 5}
    assert form.removesuffix(" boxes") in said(findings)
    assert ("These are boxes" in said(findings)) == form.endswith("boxes")
    assert findings.skipped_count <= 1


@pytest.mark.parametrize(
    "files",
    [
        {"a.json": coco(boxed=True, more=[(i, (i + 1) % 2 + 1) for i in range(5)])},
        {f"Annotations/{name[:-4]}.xml": voc(name, *NAMES) for name in PICTURES},
        {
            "classes.txt": b"oak\nelm\n",
            **{f"labels/{name[:-4]}.txt": b"0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n" for name in PICTURES},
        },
    ],
)
def test_boxes_of_several_classes_in_one_picture_are_refused_as_boxes(inspect_zip, refusal_of, files):
    refusal = refusal_of(inspect_zip, loose(10, "images") | files)
    assert refusal.code == "boxes"
    assert "Flash does not learn boxes yet" in refusal.detail
    assert "oak" in refusal.detail


def test_boxes_of_one_class_are_refused_as_boxes(inspect_zip, refusal_of):
    files = {f"xml/{name[:-4]}.xml": voc(name, "oak") for name in PICTURES}
    refusal = refusal_of(inspect_zip, loose(10, "images") | files)
    assert refusal.code == "boxes"
    assert '"oak"' in refusal.detail


def test_several_labels_of_a_whole_picture_are_refused_as_such(inspect_zip, refusal_of):
    files = {"a.json": coco(more=[(i, (i + 1) % 2 + 1) for i in range(5)])}
    assert refusal_of(inspect_zip, loose(10, "images") | files).code == "several_labels"


def test_few_pictures_with_two_classes_are_left_out(inspect_zip):
    names = [f"{i:03}.jpg" for i in range(40)]
    files = {
        f"xml/{name[:-4]}.xml": voc(name, *(NAMES if i == 3 else [NAMES[i % 2]]))
        for i, name in enumerate(names)
    }
    findings = inspect_zip(loose(40, "images") | files)
    assert classes(findings) == {"elm": 19, "oak": 20}
    assert "boxes of several classes" in said(findings)


def test_parts_of_annotated_pictures_are_kept(inspect_zip):
    files = {}
    for part, start in (("train", 0), ("valid", 20)):
        files |= loose(6, f"{part}/images", start=start)
        for i in range(6):
            files[f"{part}/labels/{start + i:03}.txt"] = f"{i % 2} .5 .5 .1 .1".encode()
    findings = inspect_zip(files | {"data.yaml": b"names:\n  0: oak\n  1: elm\n"})
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 6, "validation": 6}


def test_class_folders_win_over_boxes(inspect_zip):
    files = kinds("oak", "elm", count=4)
    boxes = {f"boxes/{name.removesuffix('.jpg')}.xml": voc(name, "tree") for name in files}
    assert classes(inspect_zip(files | boxes)) == {"elm": 4, "oak": 4}


def test_work_that_was_skipped_does_not_count(inspect_zip):
    findings = inspect_zip(loose(10) | {"export.json": label_studio(was_cancelled=True)})
    assert classes(findings) == {"elm": 4, "oak": 5}


def test_names_of_a_labelling_tool_with_a_mark_in_front_are_found(inspect_zip):
    files = {f"images/0a1b2c3d-{name}": picture(i) for i, name in enumerate(PICTURES)}
    document = json.loads(label_studio())
    for task in document:
        task["data"]["image"] = task["data"]["image"].replace("/1/", "/1/0a1b2c3d-")
    assert classes(inspect_zip(files | {"export.json": json.dumps(document).encode()})) == {
        "elm": 5,
        "oak": 5,
    }


BOMB = b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 1000 + b'"><!ENTITY c "&b;&b;&b;">]><annotation>&c;</annotation>'


@pytest.mark.parametrize(
    "data",
    [
        BOMB,
        b"<annotation><object>",
        b"\xff\xfe<annotation",
        b"<annotation/>",
        b"[" * 100_000,
        b'{"images": [1]}',
    ],
)
@pytest.mark.parametrize(
    "name", ["a.xml", "a.json", "a.csv", "data.yaml", "a.jsonl", "a.parquet", "images/000.txt"]
)
def test_damaged_annotations_do_no_harm(inspect_zip, refusal_of, data, name):
    refusal = refusal_of(inspect_zip, loose(6, "images") | {name: data})
    assert refusal.code == "no_class_folders"
    assert classes(inspect_zip(kinds("oak", "elm") | {name: data})) == {"elm": 3, "oak": 3}
