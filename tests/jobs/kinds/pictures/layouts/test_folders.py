import pytest

from jobs.kinds.pictures.layouts.split_names import are_numbered_parts, split_of
from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, loose, said, under
from tests.jobs.uploads.builders import picture, pictures


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"), ("Training", "train"), ("seg_train", "train"), ("train_images", "train"),
        ("trainset", "train"), ("TRAIN 2", "train"), ("train2017", "train"), ("imagesTrain", "train"),
        ("valid", "validation"), ("Validation ", "validation"), ("dev", "validation"),
        ("eval_data", "validation"), ("test1", "test"), ("Testing", "test"), ("flowers_test", "test"),
        ("trainers", ""), ("valley", ""), ("testament", ""), ("train-test", ""), ("cats", ""), ("", ""),
        ("red train engine", ""),
    ],
)  # fmt: skip
def test_names_of_parts_are_known_in_any_spelling(name, split):
    assert split_of(name) == split


def test_numbered_parts_are_no_classes_but_numbered_classes_are():
    assert are_numbered_parts(["images_part_1", "images_part_2"])
    assert are_numbered_parts(["batch1", "batch2", "batch10"])
    assert not are_numbered_parts(["00001", "00002"])
    assert not are_numbered_parts(["cat1", "cat2"])
    assert not are_numbered_parts(["batch1", "cats"])


def test_parts_that_stand_twice_inside_themselves_are_kept(inspect_zip):
    files = under("my_train/my_train", kinds("oak", "elm")) | under(
        "my_test/my_test", kinds("oak", "elm", start=40)
    )
    findings = inspect_zip(files | loose(4, "my_pred/my_pred"))
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 6, "test": 6}
    assert findings.skipped_count == 4


def test_the_manifest_names_the_part_of_each_picture(manifest_of):
    files = under("train", kinds("oak", "elm")) | under("val", kinds("oak", "elm", count=1, start=40))
    rows = manifest_of(files)
    assert {(row["source"].split("/")[0], row["split"]) for row in rows} == {
        ("train", "train"),
        ("val", "validation"),
    }


def test_parts_can_be_merged(inspect_zip, manifest_of):
    files = under("train", kinds("oak", "elm")) | under("test", kinds("oak", "elm", start=40))
    findings = inspect_zip(files, splits="merge")
    assert findings.splits == {}
    assert findings.sample_count == 12
    assert "split" not in manifest_of(files, splits="merge")[0]


def test_without_parts_the_manifest_has_no_column_for_them(manifest_of):
    assert list(manifest_of(kinds("oak", "elm"))[0]) == ["file", "label", "source"]
    assert list(manifest_of(under("train", kinds("oak", "elm")))[0]) == ["file", "label", "source"]


@pytest.mark.parametrize("third", ["unlabeled", "extra pictures", "test-many-things"])
def test_a_flat_part_beside_the_others_is_left_out(inspect_zip, third):
    files = under("set/train", kinds("oak", "elm")) | under("set/test", kinds("oak", "elm", start=40))
    findings = inspect_zip(files | loose(7, f"set/{third}"))
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert f"set/{third}/: 7 pictures" in said(findings)
    assert findings.skipped_count == 7


def test_a_copy_of_all_parts_inside_is_left_out(inspect_zip):
    files = under("xray/train", kinds("ill", "well")) | under("xray/test", kinds("ill", "well", start=40))
    findings = inspect_zip(files | under("xray", files))
    assert classes(findings) == {"ill": 6, "well": 6}
    assert findings.splits == {"train": 6, "test": 6}
    assert findings.skipped_count == 12


def test_a_folder_of_the_same_classes_beside_them_is_joined(inspect_zip):
    files = kinds("oak", "elm") | under("more", kinds("oak", "elm", start=60))
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert "they were joined" in said(findings)


def test_the_same_classes_below_numbered_parts_are_the_classes(inspect_zip):
    files = under("part1", kinds("oak", "elm")) | under("part2", kinds("oak", "elm", start=50))
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {}


def test_parts_below_the_classes_are_kept(inspect_zip):
    files = {}
    for name in ("oak", "elm"):
        files |= pictures(f"{name}/train", 3) | pictures(f"{name}/test", 2, 30)
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 5, "oak": 5}
    assert findings.splits == {"train": 6, "test": 4}


def test_a_class_may_be_called_train(inspect_zip):
    findings = inspect_zip(kinds("train", "bus", "car"))
    assert classes(findings) == {"bus": 3, "car": 3, "train": 3}
    deep = {
        name: data
        for kind in ("train", "bus")
        for name, data in under(kind, kinds("day", "night", start=9 * len(kind))).items()
    }
    assert classes(inspect_zip(deep)) == {"bus": 6, "train": 6}


def test_views_below_a_class_are_no_classes(inspect_zip):
    files = under("mug", kinds("front", "side")) | under("cup", kinds("front", "side", start=40))
    assert classes(inspect_zip(files)) == {"cup": 6, "mug": 6}


def test_subfolders_are_classes_where_one_says_so(inspect_zip):
    files = under("animals", kinds("cat", "dog")) | under("vehicles", kinds("car", "bus"))
    assert classes(inspect_zip(files)) == {"animals": 6, "vehicles": 6}
    assert classes(inspect_zip(files, labels_from="subfolders")) == {"bus": 3, "car": 3, "cat": 3, "dog": 3}


def test_a_class_that_is_only_tested_is_left_out(inspect_zip):
    files = under("train", kinds("oak", "elm")) | under("test", kinds("oak", "yew", start=40))
    findings = inspect_zip(files)
    assert classes(findings) == {"elm": 3, "oak": 6}
    assert "no part to train on" in said(findings)


def test_many_similar_lines_are_one_with_a_count(inspect_zip):
    files = kinds("oak", "elm") | {f"notes/{i}.txt": b"x" for i in range(30)}
    findings = inspect_zip(files)
    assert [str(note) for note in findings.skipped] == [
        "notes/: 30 .txt files are not pictures, so they were left out."
    ]
    assert findings.skipped_count == 30


def test_spellings_are_joined_unless_one_says_no(inspect_zip):
    files = pictures("Oak") | pictures("oak") | pictures("elm")
    assert classes(inspect_zip(files)) == {"Oak": 6, "elm": 3}
    assert classes(inspect_zip(files, join_case="no")) == {"Oak": 3, "elm": 3, "oak": 3}


def test_a_whole_dataset_inside_beside_a_loose_part_and_a_copy(inspect_zip):
    whole = under("Trees(Augmented)/train", kinds("oak", "elm")) | under(
        "Trees(Augmented)/valid", kinds("oak", "elm", start=30)
    )
    copy = {name.replace("Trees", "trees"): data for name, data in whole.items()}
    findings = inspect_zip(whole | copy | loose(4, "test/test"))
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 6, "validation": 6}
    assert findings.skipped_count == 16


def test_the_same_pictures_in_other_colours_are_one_source(inspect_zip, manifest_of):
    files = {}
    for k, view in enumerate(("color", "grayscale")):
        files |= {
            f"{view}/{tree}/{i}.jpg": picture(100 * k + 10 * len(tree) + i)
            for tree in ("oak", "birch")
            for i in range(4)
        }
    assert classes(inspect_zip(files)) == {"birch": 8, "oak": 8}
    assert len({row["group"] for row in manifest_of(files)}) == 8


def test_where_either_level_could_be_the_classes_it_is_asked(inspect_zip):
    files = {}
    for k, shop in enumerate(("market", "webshop")):
        files |= {
            f"{shop}/images/{thing}/{i}.jpg": picture(100 * k + 10 * len(thing) + i)
            for thing in ("cup", "fork", "plate")
            for i in range(3)
        }
    findings = inspect_zip(files)
    [question] = findings.questions
    assert (question.field, question.guess, question.choices) == (
        "labels_from",
        "subfolders",
        ("folders", "subfolders"),
    )
    assert classes(findings) == {"cup": 6, "fork": 6, "plate": 6}
    assert classes(inspect_zip(files, labels_from="folders")) == {"market": 9, "webshop": 9}


def test_numbered_persons_around_the_classes_are_no_classes(inspect_zip):
    files = {}
    for person in range(3):
        files |= {
            f"user{person}/{sign}/{i}.jpg": picture(100 * person + 10 * len(sign) + i)
            for sign in ("fist", "palms")
            for i in range(3)
        }
    assert classes(inspect_zip(files)) == {"fist": 9, "palms": 9}


def test_lists_of_names_tell_the_parts(inspect_zip):
    files = under("images", kinds("oak", "elm", count=6))
    names = [name.removeprefix("images/").removesuffix(".jpg") for name in files]
    lists = {
        "meta/train.txt": "\n".join(names[:4] + names[6:10]).encode(),
        "meta/test.txt": "\n".join(names[4:6] + names[10:]).encode(),
    }
    findings = inspect_zip(files | lists)
    assert classes(findings) == {"elm": 6, "oak": 6}
    assert findings.splits == {"train": 8, "test": 4}
    assert not findings.skipped


def test_masks_beside_the_parts_are_no_examples(inspect_zip):
    files = (
        under("train", kinds("good"))
        | under("test", kinds("good", "torn", start=30))
        | {"train/torn/9.jpg": picture(4)}
    )
    masks = {f"ground_truth/torn/{i}_mask.png": picture(i, "PNG") for i in range(30, 33)}
    assert classes(inspect_zip(files | masks)) == {"good": 6, "torn": 4}


def test_two_large_folders_that_differ_in_case_are_asked_about(inspect_zip):
    files = kinds("pH", "PH", count=12) | pictures("elm")
    findings = inspect_zip(files)
    [question] = findings.questions
    assert (question.field, question.choices) == ("join_case", ("yes", "no"))
    assert not inspect_zip(files, join_case="yes").questions
    assert classes(inspect_zip(files, join_case="no")) == {"PH": 12, "elm": 3, "pH": 12}
