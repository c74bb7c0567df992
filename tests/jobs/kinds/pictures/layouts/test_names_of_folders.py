"""Folders whose names say more than a class: a part, a language, that nobody labelled it, small copies."""

import pytest

from tests.jobs.uploads.builders import picture, pictures


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def folders(*names, each=4):
    return {path: data for name in names for path, data in pictures(name, each).items()}


@pytest.mark.parametrize("form", ["{name}_{part}", "{part}-{name}", "{name} {part}"])
@pytest.mark.parametrize("around", ["", "data/"])
def test_a_class_and_a_part_in_one_name(inspect_zip, form, around):
    names = [form.format(name=name, part=part) for part in ("train", "test") for name in ("red fox", "owl")]
    files = folders(*(around + name for name in names))
    findings = inspect_zip(files)
    assert classes(findings) == {"owl": 8, "red fox": 8}
    assert findings.splits == {"train": 8, "test": 8}
    (note,) = [note for note in findings.repairs if "a class and a part" in note.message]
    assert set(classes(inspect_zip(files, **note.undo))) == set(names)


@pytest.mark.parametrize(
    "names",
    [
        ("train_station", "test_tube", "owl"),
        ("cats_train", "dogs_train"),
        ("train_car", "test_car_2", "bus_stop"),
    ],
)
def test_classes_may_begin_like_parts(inspect_zip, names):
    assert set(classes(inspect_zip(folders(*names)))) == set(names)


@pytest.mark.parametrize(
    "parts",
    [
        ("entrenamiento", "validación", "prueba"),
        ("treino", "validacao", "teste"),
        ("обучение", "валидация", "тест"),
        ("训练集", "验证集", "测试集"),
        ("Trainingsdaten", "Validierung", "Testdaten"),
    ],
)
def test_parts_in_other_languages_are_no_classes(inspect_zip, parts):
    findings = inspect_zip(folders(*(f"{part}/{name}" for part in parts for name in ("owl", "fox"))))
    assert classes(findings) == {"fox": 12, "owl": 12}
    assert findings.splits == {"train": 8, "validation": 8, "test": 8}


def test_parts_inside_of_classes_are_told(inspect_zip):
    files = folders(*(f"{name}/{part}" for part in ("train", "test") for name in ("owl", "fox")))
    findings = inspect_zip(files)
    (note,) = [note for note in findings.repairs if "parts of the dataset" in note.message]
    assert findings.splits and not inspect_zip(files, **note.undo).splits


@pytest.mark.parametrize("name", ["unlabeled", "Unlabelled", "not_labeled", "untagged"])
def test_a_folder_that_nobody_labelled_is_no_class(inspect_zip, name):
    files = folders("owl", "fox", name)
    findings = inspect_zip(files)
    assert classes(findings) == {"fox": 4, "owl": 4}
    (note,) = [note for note in findings.skipped if "no label" in note.message]
    assert note.undo == {"missing": "keep"}
    assert len(classes(inspect_zip(files, **note.undo))) == 3


def test_of_two_folders_both_are_classes(inspect_zip):
    assert len(classes(inspect_zip(folders("owl", "unlabeled")))) == 2


@pytest.mark.parametrize("name", ["thumbs", "thumbnails", "masks"])
def test_small_copies_below_their_pictures_are_no_examples(inspect_zip, name):
    files = folders("owl", "fox")
    files |= {path.replace("/", f"/{name}/"): picture(900 + at) for at, path in enumerate(files)}
    findings = inspect_zip(files)
    assert classes(findings) == {"fox": 4, "owl": 4}
    assert classes(inspect_zip(files, companions="keep")) == {"fox": 8, "owl": 8}


def listed(labels, count=24):
    files = {f"images/{at}.jpg": picture(at) for at in range(count)}
    rows = [f"{at}.jpg,{labels[at % len(labels)]}" for at in range(count)]
    return files | {"list.csv": "\n".join(["file,label", *rows]).encode()}


@pytest.mark.parametrize("word", ["null", "None", "NA"])
def test_a_label_that_may_mean_none_is_asked_about(inspect_zip, word):
    files = listed(("owl", "fox", word))
    findings = inspect_zip(files)
    (question,) = findings.questions
    assert (question.field, question.guess) == ("missing", "leave_out")
    assert classes(inspect_zip(files, missing="keep")) == {"fox": 8, word: 8, "owl": 8}
    assert classes(inspect_zip(files, missing="leave_out")) == {"fox": 8, "owl": 8}


def test_a_class_may_be_called_none(inspect_zip):
    findings = inspect_zip(listed(("owl", "fox", "none")))
    assert classes(findings) == {"fox": 8, "none": 8, "owl": 8}
    assert not findings.questions


@pytest.mark.parametrize("word", ["nan", "N/A", "unlabeled", ""])
def test_what_a_program_writes_for_nothing_is_no_class(inspect_zip, word):
    findings = inspect_zip(listed(("owl", "fox", word)))
    assert classes(findings) == {"fox": 8, "owl": 8}
    assert not findings.questions


def test_whole_numbers_lose_their_decimals(inspect_zip):
    findings = inspect_zip(listed(("1.0", "2.0")))
    assert classes(findings) == {"1": 12, "2": 12}
    (note,) = [note for note in findings.repairs if "1.0: 1" in note.message]
    assert classes(inspect_zip(listed(("1.0", "2.0")), **note.undo)) == {"1.0": 12, "2.0": 12}
    assert classes(inspect_zip(listed(("1.0", "1.5")))) == {"1.0": 12, "1.5": 12}
