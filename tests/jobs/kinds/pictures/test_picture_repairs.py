import struct
import unicodedata

import pytest

from tests.jobs.uploads.builders import picture, pictures, two_classes, zip_bytes


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def under(prefix, files):
    return {f"{prefix}/{name}": data for name, data in files.items()}


@pytest.mark.parametrize("prefix", ["dataset", "a/b/c", "train", "./x"])
def test_it_passes_over_folders_around_the_classes(inspect_zip, prefix):
    findings = inspect_zip(under(prefix, two_classes()))
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert findings.repairs


@pytest.mark.parametrize(
    ("first", "second"), [("train", "val"), ("data/Train", "data/Test"), ("training", "validation ")]
)
def test_it_keeps_the_parts_of_a_dataset(inspect_zip, first, second):
    findings = inspect_zip(under(first, two_classes()) | under(second, pictures("cats", 2, 50)))
    assert classes(findings) == {"cats": 5, "dogs": 3}
    assert findings.splits["train"] == 6
    assert sum(findings.splits.values()) == 8
    assert any("were kept" in note.message for note in findings.repairs)


def test_it_leaves_out_unsorted_test_pictures(inspect_zip):
    findings = inspect_zip(under("train", two_classes()) | {"test/1.jpg": picture(1)})
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert [note.where for note in findings.skipped] == ["test/1.jpg"]


def test_it_leaves_out_what_operating_systems_and_people_add(inspect_zip):
    extra = {
        "__MACOSX/._cats": b"\0", "__MACOSX/cats/._0.jpg": b"\0", ".DS_Store": b"\0", "cats/.DS_Store": b"\0",
        "cats/Thumbs.db": b"\0", "dogs/desktop.ini": b"x", "readme.txt": b"hello", "cats/labels.csv": b"a,b",
        "cover.jpg": picture(3), ".git/config": b"x",
    }  # fmt: skip
    findings = inspect_zip(two_classes() | extra)
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert {note.where for note in findings.skipped} == {"readme.txt", "cats/labels.csv", "cover.jpg"}
    assert findings.skipped_count == 3
    ignored = {note.where: note.message for note in findings.repairs}
    assert {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git"} <= set(ignored)
    assert ignored["__MACOSX"] == "2 hidden or system files were ignored."


def test_stray_files_do_not_hide_a_folder_around_the_classes(inspect_zip):
    findings = inspect_zip(under("data", two_classes()) | {"cover.jpg": picture(1), "data/x.jpg": picture(2)})
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert findings.skipped_count == 2


def test_it_merges_spellings_of_a_class(inspect_zip):
    files = pictures("Cat", 4) | pictures("cat ", 1, 10) | pictures("CAT", 1, 20) | pictures("dogs")
    findings = inspect_zip(files)
    assert classes(findings) == {"Cat": 6, "dogs": 3}
    assert any("Cat" in note.message and "CAT" in note.message for note in findings.repairs)


def test_it_keeps_letters_apart_that_differ_in_case(inspect_zip):
    findings = inspect_zip(pictures("A") | pictures("a", 2))
    assert classes(findings) == {"A": 3, "a": 2}
    assert any("kept separate" in note.message for note in findings.warnings)


def test_it_merges_composed_and_decomposed_names(inspect_zip):
    files = (
        pictures("caf\u00e9", 2)
        | pictures(unicodedata.normalize("NFD", "caf\u00e9"), 2, 10)
        | pictures("tea")
    )
    assert classes(inspect_zip(files)) == {"caf\u00e9": 4, "tea": 3}


def test_it_reads_backslashes_as_folders(inspect_zip):
    files = {name.replace("/", "\\"): data for name, data in two_classes().items()}
    assert classes(inspect_zip(files)) == {"cats": 3, "dogs": 3}


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ("k\u00e4fer".encode(), "k\u00e4fer"),
        ("k\u00e4fer".encode("cp437"), "k\u00e4fer"),
        ("\u732b\u54aa".encode("gbk"), "\u732b\u54aa"),
    ],
)
def test_it_reads_names_without_the_utf8_flag(inspect_zip, raw, label):
    placeholder = "X" * len(raw)
    data = zip_bytes(pictures(placeholder) | pictures("dogs")).replace(placeholder.encode(), raw)
    assert classes(inspect_zip(data)) == {label: 3, "dogs": 3}


def test_it_refuses_a_utf8_flag_on_other_bytes(inspect_zip, refusal_of):
    data = bytearray(zip_bytes(pictures("XX") | pictures("dogs")).replace(b"XX/", b"\xff\xfe/"))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<H", data, at + 8, 0x800)
    assert refusal_of(inspect_zip, bytes(data)).status == 400


def test_it_counts_pictures_in_deeper_folders(inspect_zip):
    findings = inspect_zip(two_classes() | {"cats/old/1.jpg": picture(900)})
    assert classes(findings) == {"cats": 4, "dogs": 3}
    assert any("in subfolders" in note.message for note in findings.repairs)


def test_it_leaves_out_a_class_with_one_picture_and_says_so(inspect_zip):
    findings = inspect_zip(two_classes() | {"birds/1.jpg": picture(1)})
    assert classes(findings) == {"cats": 3, "dogs": 3}
    assert any(note.where == "birds" for note in findings.repairs)


def test_it_counts_a_class_without_good_pictures_as_absent(inspect_zip, refusal_of):
    refusal = refusal_of(inspect_zip, pictures("cats") | {"dogs/1.jpg": b"x", "dogs/2.jpg": b"y"})
    assert refusal.status == 422
    assert len(refusal.notes) == 2


def test_it_removes_invisible_characters_from_names(inspect_zip):
    assert classes(inspect_zip(pictures("ca\u200bts\u200e") | pictures("dogs"))) == {"cats": 3, "dogs": 3}


@pytest.mark.parametrize("label", ["ca\u202ests", "\u2066cats", "x" * 201])
def test_it_refuses_labels_that_deceive_or_are_too_long(inspect_zip, refusal_of, label):
    assert refusal_of(inspect_zip, pictures(label) | pictures("dogs")).status == 422


def test_it_keeps_joiners_that_scripts_need(inspect_zip):
    label = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert label in classes(inspect_zip(pictures(label) | pictures("dogs")))


def test_it_leaves_out_a_folder_without_a_visible_name(inspect_zip):
    assert classes(inspect_zip(two_classes() | pictures("\u200b "))) == {"cats": 3, "dogs": 3}


def test_parts_of_a_dataset_are_classes_only_where_one_says_so(inspect_zip, refusal_of):
    files = pictures("train") | pictures("test")
    refusal = refusal_of(inspect_zip, files)
    assert refusal.code == "no_class_folders"
    assert "train/, test/ are parts of a dataset" in refusal.detail
    findings = inspect_zip(files, labels_from="folders")
    assert classes(findings) == {"test": 3, "train": 3}
    assert any("really the classes" in note.message for note in findings.warnings)


def test_labels_with_markup_stay_what_they_are(inspect_zip):
    assert "<script>alert(1)<" in classes(inspect_zip(pictures("<script>alert(1)<") | pictures("dogs")))
