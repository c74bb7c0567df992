import io
import json

import pyarrow
import pyarrow.parquet as parquet
import pytest

from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, loose, said, under
from tests.jobs.uploads.builders import picture

LABELS = ["oak", "elm"]


def rows(count, name="{:03}", start=0):
    return [(name.format(start + i), LABELS[i % 2]) for i in range(count)]


def csv_of(header, lines, delimiter=","):
    return "\n".join([delimiter.join(header), *(delimiter.join(map(str, line)) for line in lines)]).encode()


def test_a_table_beside_a_folder_tells_the_labels_and_the_other_folder_has_none(inspect_zip):
    files = loose(12, "train") | loose(5, "test", start=50)
    files["train.csv"] = csv_of(["id", "label"], rows(12))
    files["sample_submission.csv"] = csv_of(["id", "label"], [(f"{50 + i:03}", "oak") for i in range(5)])
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {}
    assert "test/: 5 pictures have no label" in said(findings)


@pytest.mark.parametrize(
    "name", ["{:03}", "{:03}.jpg", "pics/{:03}.jpg", "/home/me/pics/{:03}.jpg", "C:\\pics\\{:03}.png"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_ids_are_names_with_or_without_suffix_and_path(inspect_zip, name, delimiter):
    files = loose(10, "pics") | {"labels.csv": csv_of(["file", "kind of tree"], rows(10, name), delimiter)}
    assert classes(inspect_zip(files)) == {"elm": 5, "oak": 5}


def test_metadata_in_each_part_is_kept_as_parts(inspect_zip, manifest_of):
    files = {}
    for part, start in (("train", 0), ("test", 0)):
        lines = [json.dumps({"file_name": f"{name}.jpg", "label": label}) for name, label in rows(8)]
        files |= loose(8, f"data/{part}", start=start) | {
            f"data/{part}/metadata.jsonl": "\n".join(lines).encode()
        }
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 8, "oak": 8}
    assert findings.splits == {"train": 8, "test": 8}
    assert {row["split"] for row in manifest_of(files)} == {"train", "test"}


def test_a_column_for_the_part_and_one_for_the_source_count(manifest_of):
    lines = [
        (name, label, "train" if i < 8 else "test", f"P{i // 2}") for i, (name, label) in enumerate(rows(12))
    ]
    table = csv_of(["image", "diagnosis", "split", "patient_id"], lines)
    found = manifest_of(loose(12, "images") | {"images/list.csv": table})
    assert [row["split"] for row in found] == ["train"] * 8 + ["test"] * 4
    assert found[0]["group"] == found[1]["group"] != found[2]["group"]


def test_folders_that_only_halve_the_pictures_do_not_hide_the_table(inspect_zip):
    files = loose(6, "scans_part_1") | loose(6, "scans_part_2", start=6)
    files["meta.csv"] = csv_of(
        ["scan", "dx", "age"], [(name, label, 30 + i) for i, (name, label) in enumerate(rows(12))]
    )
    assert classes(inspect_zip(files)) == {"elm": 6, "oak": 6}


def test_folders_of_classes_win_over_a_table_of_other_things(inspect_zip):
    files = kinds("oak", "elm", count=4)
    files["meta.csv"] = csv_of(["file", "camera"], [(name, f"c{i % 2}") for i, name in enumerate(files)])
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 4, "oak": 4}


def test_folders_and_a_table_that_contradict_each_other_are_asked_about(inspect_zip):
    files = kinds("ward a", "ward b", count=4)
    files["meta.csv"] = csv_of(["file", "label"], [(name, LABELS[i % 2]) for i, name in enumerate(files)])
    [question] = inspect_zip(files).questions
    assert question.field == "labels_from"
    assert "table meta.csv" in question.choices
    chosen = inspect_zip(files, labels_from="table meta.csv")
    assert not chosen.questions
    assert classes(chosen) == {"elm": 4, "oak": 4}


def test_columns_of_0_and_1_are_classes(inspect_zip):
    files = loose(9, "train")
    lines = [(f"{i:03}.jpg", int(i % 3 == 0), int(i % 3 == 1), int(i % 3 == 2)) for i in range(9)]
    files["train/_classes.csv"] = csv_of(["filename", " oak", " elm", " yew"], lines)
    assert classes(inspect_zip(files)) == {"elm": 3, "oak": 3, "yew": 3}


def test_several_columns_of_1_are_several_labels(inspect_zip, refusal_of):
    files = loose(9)
    lines = [(f"{i:03}.jpg", 1, int(i % 2), int(i % 3 == 2)) for i in range(9)]
    refusal = refusal_of(inspect_zip, files | {"tags.csv": csv_of(["image", "sun", "sea", "sky"], lines)})
    assert refusal.code == "several_labels"
    assert "several labels" in refusal.detail


@pytest.mark.parametrize("mark", ["|", ";", " "])
def test_several_labels_in_one_cell_are_recognised(inspect_zip, refusal_of, mark):
    sets = [["sun", "sea"], ["sun"], ["sea", "sky"], ["sky", "sun"], ["sky"], ["sea"], ["sun", "sea", "sky"]]
    lines = [(f"{i:03}", mark.join(sets[i % 7])) for i in range(21)]
    refusal = refusal_of(inspect_zip, loose(21) | {"tags.csv": csv_of(["image", "tags"], lines)})
    assert refusal.code == "several_labels"


def test_lists_of_one_are_labels_and_lists_of_more_are_several(inspect_zip, refusal_of):
    one = [json.dumps({"file_name": f"{name}.jpg", "labels": [label]}) for name, label in rows(8)]
    assert classes(inspect_zip(loose(8) | {"metadata.jsonl": "\n".join(one).encode()})) == {
        "elm": 4,
        "oak": 4,
    }
    more = [json.dumps({"file_name": f"{i:03}.jpg", "labels": ["oak", "elm"][: 1 + i % 2]}) for i in range(8)]
    assert (
        refusal_of(inspect_zip, loose(8) | {"metadata.jsonl": "\n".join(more).encode()}).code
        == "several_labels"
    )


def test_names_with_spaces_are_one_label(inspect_zip):
    trees = ["red oak", "white oak", "wych elm"]
    lines = [(f"{i:03}", trees[i % 3]) for i in range(12)]
    findings = inspect_zip(loose(12) | {"labels.csv": csv_of(["id", "species"], lines)})
    assert classes(findings) == dict.fromkeys(trees, 4)


def test_numbers_get_the_names_that_stand_in_a_file(inspect_zip):
    lines = [(f"{i:03}", i % 2) for i in range(8)]
    files = loose(8) | {"labels.csv": csv_of(["id", "label"], lines)}
    assert classes(inspect_zip(files | {"classes.txt": b"oak\nelm\n"})) == {"elm": 4, "oak": 4}
    assert classes(inspect_zip(files | {"map.json": b'{"0": "oak", "1": "elm"}'})) == {"elm": 4, "oak": 4}
    assert classes(inspect_zip(files)) == {"0": 4, "1": 4}


def test_lists_of_paths_and_labels_tell_the_parts(inspect_zip):
    files = loose(12, "images")
    lines = [f"images/{name}.jpg {label}" for name, label in rows(12)]
    files |= {"train.txt": "\n".join(lines[:8]).encode(), "val.txt": "\n".join(lines[8:]).encode()}
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 8, "validation": 4}


def test_parquet_and_json_are_tables_too(inspect_zip):
    names, labels = zip(*rows(8, "{:03}.jpg"), strict=True)
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.table({"file_name": names, "label": labels}), buffer)
    assert classes(inspect_zip(loose(8) | {"metadata.parquet": buffer.getvalue()})) == {"elm": 4, "oak": 4}
    mapping = json.dumps(dict(rows(8, "{:03}.jpg"))).encode()
    assert classes(inspect_zip(loose(8) | {"labels.json": mapping})) == {"elm": 4, "oak": 4}


def test_a_small_parquet_file_of_many_bytes_beside_pictures_is_no_table(inspect_zip, refusal_of):
    texts = pyarrow.array(["a" * 1_000_000, "b" * 1_000_000])
    which = pyarrow.array([i % 2 for i in range(100_000)], pyarrow.int32())
    names = [f"{i:03}.jpg" for i in range(100_000)]
    table = pyarrow.table({"file_name": names, "label": pyarrow.DictionaryArray.from_arrays(which, texts)})
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    before = pyarrow.total_allocated_bytes()
    refusal = refusal_of(inspect_zip, loose(8) | {"metadata.parquet": buffer.getvalue()})
    assert refusal.code == "no_class_folders"
    assert pyarrow.total_allocated_bytes() - before < 100_000_000


def test_several_columns_that_could_be_the_label_are_asked_about(inspect_zip):
    lines = [(name, label, ["red", "blue"][i % 3 == 0]) for i, (name, label) in enumerate(rows(12))]
    files = loose(12) | {"table.csv": csv_of(["picture", "tree", "bark"], lines)}
    [question] = inspect_zip(files).questions
    assert (question.field, question.choices) == ("label_column", ("tree", "bark"))
    assert set(classes(inspect_zip(files, label_column="bark"))) == {"red", "blue"}


def test_a_table_of_sentences_is_no_table_of_these_pictures(inspect_zip, refusal_of):
    refusal = refusal_of(
        inspect_zip, loose(6, "images") | {"reviews.csv": b"text,label\nfine,good\nbad,poor\n"}
    )
    assert refusal.code == "no_class_folders"
    assert "choose text" not in refusal.detail


def test_rows_without_a_label_or_a_picture_are_counted(inspect_zip):
    lines = [*rows(8), ("gone", "oak")]
    lines[0] = (lines[0][0], "")
    findings = inspect_zip(loose(8) | {"labels.csv": csv_of(["id", "label"], lines)})
    assert findings.sample_count == 7
    assert "1 rows name pictures that are not in the zip" in said(findings)


def test_equal_names_in_two_folders_are_told_apart(inspect_zip):
    files = under("set 1", loose(4)) | under("set 2", {f"{i:03}.jpg": picture(900 + i) for i in range(4)})
    lines = [(f"set 1/{i:03}.jpg", "oak") for i in range(4)] + [
        (f"set 2/{i:03}.jpg", "elm") for i in range(4)
    ]
    assert classes(inspect_zip(files | {"labels.csv": csv_of(["path", "label"], lines)})) == {
        "elm": 4,
        "oak": 4,
    }


def test_folders_of_codes_get_the_words_of_a_table(inspect_zip):
    files = kinds("n00000001", "n00000002")
    lines = [(name, "oak" if "01/" in name else "elm") for name in files]
    assert classes(inspect_zip(files | {"words.csv": csv_of(["file", "name"], lines)})) == {
        "elm": 3,
        "oak": 3,
    }


def test_a_table_labels_the_part_without_class_folders(inspect_zip):
    files = under("train", kinds("oak", "elm", count=4)) | loose(6, "val/images")
    lines = [f"{i:03}.jpg\t{LABELS[i % 2]}\t0\t0\t62\t57" for i in range(6)]
    findings = inspect_zip(files | {"val/val_annotations.txt": "\n".join(lines).encode()})
    assert classes(findings) == {"elm": 7, "oak": 7}
    assert findings.splits == {"train": 8, "validation": 6}
    assert findings.skipped_count == 0


def test_numbers_without_a_header_are_no_labels(inspect_zip, refusal_of):
    lines = [f"{i:03}.jpg {i % 3} {i % 5} 62 57" for i in range(12)]
    assert (
        refusal_of(inspect_zip, loose(12) | {"boxes.txt": "\n".join(lines).encode()}).code
        == "no_class_folders"
    )


@pytest.mark.parametrize(
    "document",
    [
        {"classes": LABELS, "labels": {f"{i:03}": i % 2 for i in range(8)}},
        {"labels": [[f"{i:03}.jpg", LABELS[i % 2]] for i in range(8)]},
        [
            {"image": f"/data/upload/3/{i:03}.jpg", "id": i, "choice": LABELS[i % 2], "annotator": 1}
            for i in range(8)
        ],
        {"data": [{"name": f"{i:03}.jpg", "category": LABELS[i % 2]} for i in range(8)]},
    ],
)
def test_json_of_many_shapes_is_a_table(inspect_zip, document):
    assert classes(inspect_zip(loose(8, "data") | {"labels.json": json.dumps(document).encode()})) == {
        "elm": 4,
        "oak": 4,
    }
