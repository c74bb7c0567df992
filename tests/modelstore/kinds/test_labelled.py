"""A labelled test set of one's own is read by what goes along with a bundle."""

import zipfile
from pathlib import Path

from modelstore.kinds.pictures.standalone import inputs as pictures
from modelstore.kinds.sentences.standalone import inputs as sentences

MOODS = {"good", "bad"}


def test_the_columns_of_a_table_are_found(tmp_path: Path) -> None:
    table = tmp_path / "test.csv"
    table.write_text(
        "id;mood;message\n1;good;what a lovely day\n2;bad;awful weather again\n3;odd;neither of them\n"
    )
    assert list(sentences.labelled(table, MOODS)) == [
        ("good", "what a lovely day"),
        ("bad", "awful weather again"),
    ]


def test_named_columns_count_and_empty_cells_do_not(tmp_path: Path) -> None:
    table = tmp_path / "test.csv"
    table.write_text("input,label,comment\nfun,good,a very long comment indeed\n,bad,nothing at all\n")
    assert list(sentences.labelled(table, MOODS)) == [("good", "fun")]


def test_json_lines_whose_keys_change_places(tmp_path: Path) -> None:
    lines = tmp_path / "test.jsonl"
    lines.write_text('{"text": "a fine day", "label": "good"}\n{"label": "bad", "text": "a sad one"}\n')
    assert list(sentences.labelled(lines, MOODS)) == [("good", "a fine day"), ("bad", "a sad one")]


def test_a_table_of_one_column_has_no_labels(tmp_path: Path) -> None:
    table = tmp_path / "test.csv"
    table.write_text("good\nbad\n")
    assert list(sentences.labelled(table, MOODS)) == []


def test_folders_named_like_classes_label_their_pictures(tmp_path: Path) -> None:
    archive = tmp_path / "test.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("set/good/1.jpg", "set/bad/more/2.jpg", "set/odd/3.jpg", "good/", "4.jpg"):
            file.writestr(name, name)
    assert list(pictures.labelled(archive, MOODS)) == [
        ("good", b"set/good/1.jpg"),
        ("bad", b"set/bad/more/2.jpg"),
    ]
    (tmp_path / "set" / "good").mkdir(parents=True)
    (tmp_path / "set" / "good" / "1.jpg").write_bytes(b"x")
    assert list(pictures.labelled(tmp_path / "set", MOODS)) == [("good", tmp_path / "set/good/1.jpg")]
