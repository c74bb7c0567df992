"""Every guess about a zip of pictures is a line with the options that take it back, and they do."""

from tests.jobs.uploads.builders import picture, pictures
from tests.jobs.uploads.test_zip_names import raw_zip


def classes(findings):
    return {entry.label: entry.count for entry in findings.classes}


def undo_of(findings, words):
    """The options that take back the note with these words."""
    notes = [*findings.repairs, *findings.skipped, *findings.warnings]
    found = [note.undo for note in notes if words in note.message]
    assert found, [note.message for note in notes]
    return dict(found[0])


def folders(*names, each=4):
    return {path: data for name in names for path, data in pictures(name, each).items()}


def test_folders_called_like_parts_are_classes_after_all(inspect_zip):
    files = folders(*(f"{part}/{name}" for part in ("train", "test") for name in ("fern", "moss")))
    findings = inspect_zip(files)
    assert findings.splits == {"train": 8, "test": 8}
    undo = undo_of(findings, "not for classes")
    taken_back = inspect_zip(files, **undo)
    assert classes(taken_back) == {"test": 8, "train": 8}
    assert undo_of(taken_back, "as you chose") == {"labels_from": ""}


def test_outer_folders_are_found_in_a_wrapper(inspect_zip):
    files = folders(*(f"all/{part}/{name}" for part in ("train", "test") for name in ("fern", "moss")))
    assert classes(inspect_zip(files, labels_from="outer_folders")) == {"test": 8, "train": 8}


def test_a_folder_with_the_same_once_more_is_read_again(inspect_zip):
    files = folders("fern", "moss")
    files |= {f"all/{path}": data for path, data in files.items()}
    findings = inspect_zip(files)
    assert classes(findings) == {"fern": 4, "moss": 4}
    assert classes(inspect_zip(files, **undo_of(findings, "once more"))) == {"all": 8, "fern": 4, "moss": 4}


def test_folders_joined_with_those_around_them_are_parted(inspect_zip):
    files = folders("fern", "moss", "old/fern", "old/moss")
    findings = inspect_zip(files)
    assert classes(findings) == {"fern": 8, "moss": 8}
    assert classes(inspect_zip(files, **undo_of(findings, "they were joined"))) == {
        "fern": 4,
        "moss": 4,
        "old": 8,
    }


def test_classes_in_names_give_way_to_folders(inspect_zip):
    names = [
        f"{place}/{name}_{at}.jpg" for place in ("1", "2") for name in ("fern", "moss") for at in range(5)
    ]
    files = {name: picture(at) for at, name in enumerate(names)}
    findings = inspect_zip(files, labels_from="file_names")
    assert classes(findings) == {"fern": 10, "moss": 10}
    undo = undo_of(findings, "names of the files")
    assert undo == {"labels_from": "", "label_column": ""}
    assert classes(inspect_zip(files, labels_from="folders")) == {"1": 10, "2": 10}


def test_a_table_gives_way_to_folders(inspect_zip):
    paths = [f"images/{folder}/{at}.jpg" for folder in ("1", "2") for at in range(6)]
    files = {path: picture(at) for at, path in enumerate(paths)}
    rows = [f"{path},{('fern', 'moss')[at % 2]}" for at, path in enumerate(paths)]
    files["images.csv"] = "\n".join(["path,label", *rows]).encode()
    findings = inspect_zip(files, labels_from="table images.csv")
    assert classes(findings) == {"fern": 6, "moss": 6}
    assert undo_of(findings, "were read from this table") == {"labels_from": "", "label_column": ""}


def test_codes_stay_codes(inspect_zip):
    files = folders("n01", "n02", each=6) | {"words.txt": b"n01\tfern\nn02\tmoss\n"}
    findings = inspect_zip(files)
    assert classes(findings) == {"fern": 6, "moss": 6}
    assert classes(inspect_zip(files, **undo_of(findings, "are codes"))) == {"n01": 6, "n02": 6}


def test_codes_in_a_table_stay_codes(inspect_zip):
    files = {f"images/{at}.jpg": picture(at) for at in range(12)}
    rows = [f"{at}.jpg,{at % 2}" for at in range(12)]
    files |= {"list.csv": "\n".join(["file,label", *rows]).encode(), "classes.txt": b"fern\nmoss\n"}
    findings = inspect_zip(files)
    assert classes(findings) == {"fern": 6, "moss": 6}
    assert classes(inspect_zip(files, **undo_of(findings, "replaced by the names"))) == {"0": 6, "1": 6}


def test_the_code_page_of_names_gives_way_to_another(inspect_zip):
    data = raw_zip(["собака", "кошка"], "cp866")
    findings = inspect_zip(data)
    undo = undo_of(findings, "code page")
    assert set(undo) == {"names_encoding"}
    assert classes(inspect_zip(data, **undo)) != classes(findings)


def test_a_table_in_an_old_code_page_is_read_by_its_letters(inspect_zip):
    files = {f"images/{at}.jpg": picture(at) for at in range(12)}
    rows = [f"{at}.jpg,{('собака', 'кошка')[at % 2]}" for at in range(12)]
    files["list.csv"] = "\n".join(["file,label", *rows]).encode("cp1251")
    findings = inspect_zip(files)
    assert classes(findings) == {"кошка": 6, "собака": 6}
    undo = undo_of(findings, "is not UTF-8")
    assert classes(inspect_zip(files, **undo)) != classes(findings)
    assert classes(inspect_zip(files, encoding="windows-1251")) == classes(findings)


def test_a_table_with_titles_above_its_header_is_read(inspect_zip):
    files = {f"images/{at}.jpg": picture(at) for at in range(12)}
    rows = [f"{at}.jpg,{('fern', 'moss')[at % 2]}" for at in range(12)]
    files["list.csv"] = "\n".join(["Plants of 2019", "", "file,label", *rows]).encode()
    assert classes(inspect_zip(files)) == {"fern": 6, "moss": 6}


def test_a_tick_in_a_column_of_a_table_is_its_class(inspect_zip):
    files = {f"images/{at}.jpg": picture(at) for at in range(12)}
    rows = [f"{at}.jpg,{'x' if at % 2 else ''},{'' if at % 2 else 'x'}" for at in range(12)]
    files["list.csv"] = "\n".join(["file,fern,moss", *rows]).encode()
    assert classes(inspect_zip(files)) == {"fern": 6, "moss": 6}
