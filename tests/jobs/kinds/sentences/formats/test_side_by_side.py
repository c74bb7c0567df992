"""Texts and labels in files of their own, line by line; parts of a dataset are never classes."""

import pytest

from tests.jobs.kinds.sentences.formats.made_up import ALL, LABELS, ROWS, TEXTS, classes, repairs, zipped

WISHES = [label for _, label in ROWS]


def lines_of(values):
    return "".join(f"{value}\n" for value in values)


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        ("texts.txt", "labels.txt"),
        ("set/wishes.txt", "set/wishes.labels"),
        ("seq.in", "label"),
        ("X_wishes.txt", "y_wishes.txt"),
    ],
)
def test_the_same_line_of_two_files_is_a_text_and_its_label(inspect_text, texts, labels):
    files = {texts: lines_of(TEXTS), labels: lines_of(WISHES).rstrip("\n"), "seq.out": "O O O\n" * 30}
    findings = inspect_text(zipped(files), name="wishes.zip")
    assert classes(findings) == ALL
    assert findings.rows[0] in ROWS
    assert "same line" in repairs(findings)


@pytest.mark.parametrize("form", ["{0}_text.txt {0}_labels.txt", "{0}/seq.in {0}/label"])
def test_parts_and_names_of_classes_are_kept(inspect_text, form):
    files = {"mapping.txt": lines_of(f"{i}\t{label}" for i, label in enumerate(LABELS))}
    for part, start, end in (("train", 0, 18), ("test", 18, 30)):
        texts, labels = form.format(part).split()
        files[texts] = lines_of(TEXTS[start:end])
        files[labels] = lines_of(LABELS.index(label) for label in WISHES[start:end])
    findings = inspect_text(zipped(files), name="wishes.zip")
    assert classes(findings) == ALL
    assert findings.splits == {"train": 18, "test": 12}


def test_files_of_other_lengths_are_not_put_together(inspect_text, refusal_of):
    files = {"texts.txt": lines_of(TEXTS), "labels.txt": lines_of(WISHES[:-2])}
    assert refusal_of(inspect_text, zipped(files), name="wishes.zip").status in (415, 422)


@pytest.mark.parametrize("form", ["{}.txt", "{}/all.txt"])
def test_parts_of_a_dataset_are_never_classes(inspect_text, refusal_of, form):
    files = {form.format(part): lines_of(TEXTS) for part in ("train", "valid", "test")}
    assert refusal_of(inspect_text, zipped(files), name="wishes.zip").status in (415, 422)
