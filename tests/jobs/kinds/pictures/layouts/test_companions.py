import pytest

from tests.jobs.kinds.pictures.layouts.made_up import classes, kinds, said, under
from tests.jobs.uploads.builders import picture, pictures


def both(kind, first, second, ending=""):
    """The same four names in two folders of a class."""
    files = {}
    for i in range(4):
        files[f"{kind}/{first}/{kind}{i}.png"] = picture(i + ord(kind[0]), "PNG")
        files[f"{kind}/{second}/{kind}{i}{ending}.png"] = picture(i + ord(kind[0]) + 500, "PNG")
    return files


@pytest.mark.parametrize(
    ("first", "second", "ending"),
    [
        ("images", "masks", ""),
        ("Image", "Mask", "_mask"),
        ("rgb", "depth", "_depth"),
        ("photos", "thumbnails", ""),
    ],
)
def test_companions_in_a_folder_beside_the_pictures_are_left_out(inspect_zip, first, second, ending):
    findings = inspect_zip(both("oak", first, second, ending) | both("elm", first, second, ending))
    assert classes(findings) == {"elm": 4, "oak": 4}
    assert findings.skipped_count == 8
    assert "not examples" in said(findings)


@pytest.mark.parametrize("ending", ["_mask", "_mask_1", "-depth", "_segmentation", ".thumb"])
def test_companions_by_the_end_of_their_names_are_left_out(inspect_zip, ending):
    files = kinds("oak", "elm")
    extra = {name.replace(".jpg", f"{ending}.png"): picture(900 + i, "PNG") for i, name in enumerate(files)}
    findings = inspect_zip(files | extra)
    assert classes(findings) == {"elm": 3, "oak": 3}
    assert findings.skipped_count == 6


def test_masks_of_all_classes_beside_the_classes_are_left_out(inspect_zip):
    files = kinds("oak", "elm")
    masks = {f"masks/{name}": picture(900 + i) for i, name in enumerate(files)}
    assert classes(inspect_zip(files | masks)) == {"elm": 3, "oak": 3}


@pytest.mark.parametrize("names", [("mask", "no_mask"), ("with mask", "without mask"), ("depth", "surface")])
def test_classes_may_be_called_so(inspect_zip, names):
    files = {f"{name}/{i}.jpg": picture(i + 50 * len(name)) for name in names for i in range(4)}
    assert classes(inspect_zip(files)) == dict.fromkeys(names, 4)


@pytest.mark.parametrize(
    "names",
    [
        ["a1.jpg", "a1_aug1.jpg", "a1_aug_2.jpg"],
        ["a1.jpg", "a1_flipped.jpg", "a1_rotated_90.jpg"],
        ["a1.jpg", "rotated_15_a1.jpg", "flip_a1.jpg"],
        ["a1_jpg.rf.0123456789abcdef.jpg", "a1_jpg.rf.fedcba9876543210.jpg"],
        ["clip7_frame_001.jpg", "clip7_frame_002.jpg"],
        ["a1.jpg", "a1 (1).jpg", "a1 - Copy.jpg"],
        ["20240101_101010_001.jpg", "20240101_101010_002.jpg"],
        ["x_BURST20240101101010_1.jpg", "x_BURST20240101101010_2_COVER.jpg"],
    ],
)
def test_versions_of_one_picture_are_one_source(manifest_of, names):
    files = {f"oak/{name}": picture(i) for i, name in enumerate(names)}
    files |= {f"oak/other{i}.jpg": picture(40 + i) for i in range(6)} | pictures("elm", 6)
    groups = {row["source"]: row["group"] for row in manifest_of(files)}
    assert len({groups[f"oak/{name}"] for name in names}) == 1
    assert groups[f"oak/{names[0]}"]
    assert not any(groups[f"oak/other{i}.jpg"] for i in range(6))


def test_numbers_alone_are_no_versions(manifest_of):
    files = {
        f"{kind}/{kind}_{i}.jpg": picture(i + len(kind) * 50) for kind in ("oak", "birch") for i in range(6)
    }
    assert "group" not in manifest_of(files)[0]


def test_a_source_that_is_most_of_its_class_says_nothing(manifest_of):
    files = {
        f"{kind}/{kind}1_frame_{i}.jpg": picture(i + len(kind) * 50)
        for kind in ("oak", "birch")
        for i in range(6)
    }
    assert "group" not in manifest_of(files)[0]


def test_folders_of_persons_below_the_classes_are_sources(manifest_of, inspect_zip):
    files = {}
    for k, kind in enumerate(("glad", "sad")):
        for person in range(6):
            files |= {f"{kind}/p{person}/{i}.jpg": picture(100 * k + 10 * person + i) for i in range(2)}
    rows = manifest_of(files)
    assert {row["group"] for row in rows} == {f"p{person}" for person in range(6)}
    assert "12 pictures in subfolders count as this class" in said(inspect_zip(files))


def test_views_of_a_thing_are_one_source(manifest_of):
    files = {}
    for k, kind in enumerate(("cup", "mug")):
        for view in ("original", "augmented"):
            files |= {
                f"{kind}/{view}/{i}_aug{len(view)}.jpg": picture(50 * k + 10 * len(view) + i)
                for i in range(4)
            }
    rows = manifest_of(files)
    assert len({row["group"] for row in rows}) == 8


def test_a_table_of_sources_counts_before_names(manifest_of):
    files = kinds("oak", "elm", count=4)
    lines = [f"{name},tree,s{i // 2}" for i, name in enumerate(files)]
    table = "\n".join(
        ["file,label,patient_id", *(line.replace("tree", line.split("/")[0]) for line in lines)]
    )
    assert len({row["group"] for row in manifest_of(files | {"m.csv": table.encode()})}) == 4


def test_parts_and_sources_stay_when_datasets_are_joined(tmp_path, inspect_zip):
    from jobs.kinds.pictures import uploads
    from tests.jobs.uploads.builders import write, zip_bytes
    from training.ground.limits import Limits

    folders = []
    for number, start in enumerate((0, 60)):
        files = under("train", kinds("oak", "elm", start=start)) | under(
            "test", kinds("oak", "elm", start=start + 30)
        )
        files |= {f"train/oak/x{number}_aug{i}.jpg": picture(7_000 + start + i) for i in range(2)}
        (tmp_path / f"in{number}").mkdir()
        path = write(tmp_path / f"in{number}", zip_bytes(files))
        folders.append(tmp_path / f"out{number}")
        uploads.unpack(path, "a.zip", folders[-1], Limits(), {})
    merged = uploads.merge(folders, tmp_path)
    findings = uploads.inspect(merged, "merged.zip", Limits(), {})
    assert classes(findings) == {"elm": 12, "oak": 16}
    assert findings.splits == {"train": 16, "test": 12}
    uploads.unpack(merged, "merged.zip", tmp_path / "all", Limits(), {})
    rows = (tmp_path / "all" / "manifest.csv").read_text().splitlines()
    assert rows[0] == "file,label,source,split,group"
    assert len({row.rpartition(",")[2] for row in rows[1:]}) == 3
