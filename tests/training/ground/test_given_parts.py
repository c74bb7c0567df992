"""Parts that an upload names are kept to, wherever that leaves something to learn from."""

import io
import json
from pathlib import Path

from training.ground.events import Events
from training.ground.given_parts import hold_out_test
from training.ground.samples import ContentIds, Samples, labelled
from training.kinds.pictures.reading import read_pictures
from training.kinds.sentences.reading import read_sentences


def some(rows: str) -> Samples[str]:
    """Samples of words such as "a:train": a class and a part."""
    pairs = [word.split(":") for word in rows.split()]
    items = [f"item {number}" for number in range(len(pairs))]
    names, splits = ([pair[i] for pair in pairs] for i in range(2))
    return labelled(items, items, names, ContentIds(str), splits=splits)


def told(stream: io.StringIO) -> str:
    return " ".join(json.loads(line)["message"] for line in stream.getvalue().splitlines())


def held_out(rows: str) -> tuple[Samples[str], Samples[str] | None, str]:
    stream = io.StringIO()
    return *hold_out_test(some(rows), Events(stream)), told(stream)


def test_a_test_part_is_taken_away() -> None:
    rest, test, words = held_out("a:train b:train a:test b:test a:validation b:")
    assert rest.items == ["item 0", "item 1", "item 4", "item 5"]
    assert test is not None and test.items == ["item 2", "item 3"]
    assert words == ""


def test_without_parts_nothing_happens() -> None:
    samples = some("a: b:")
    assert hold_out_test(samples, Events(io.StringIO())) == (samples, None)
    assert samples.splits == []


def test_classes_that_the_training_part_lacks_are_left_out_with_a_warning() -> None:
    rest, test, words = held_out(
        "a:train b:train c:test a:test c:test d:validation a:validation b:validation"
    )
    assert rest.classes == ["a", "b"] and len(rest.items) == 4
    assert test is not None and test.classes == ["a"]
    assert "2 samples of the test part are left out" in words
    assert "1 sample of the validation part is left out" in words


def test_data_that_is_all_test_is_learned_from_with_a_warning() -> None:
    rest, test, words = held_out("a:test b:test")
    assert (len(rest.items), rest.splits, test) == (2, [], None)
    assert "All samples are in the test part" in words


def test_a_validation_part_without_a_training_part_is_split() -> None:
    rest, test, words = held_out("a:validation b:validation a:validation b:validation a:test")
    assert (len(rest.items), rest.splits) == (4, [])
    assert test is not None and len(test.items) == 1
    assert "no training part" in words


def test_parts_and_groups_of_a_table_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("input,label,split,group\nhi,x,train,\nho,y,test,g1\n,y,test,g2\n")
    samples = read_sentences(tmp_path)
    assert (samples.splits, samples.groups) == (["train", "test"], ["", "g1"])
    assert samples.keep([1]).groups == ["g1"]


def test_parts_and_groups_of_pictures_are_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        "file,label,source,split,group\n1.png,x,a.png,validation,g\n2.png,y,,,\n"
    )
    samples = read_pictures(tmp_path)
    assert (samples.splits, samples.groups) == (["validation", ""], ["g", ""])


def test_older_lists_have_neither(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,label,source\n1.png,x,a.png\n2.png,y,\n")
    samples = read_pictures(tmp_path)
    assert (samples.splits, samples.groups) == ([], [])
