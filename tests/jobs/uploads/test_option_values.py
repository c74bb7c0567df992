"""The values of reading options are read by the type of each option, for every kind alike."""

from typing import Any

import pytest

from jobs.kinds.pictures.options import PictureOptions
from jobs.kinds.sentences.options import TableOptions
from jobs.uploads import uploads_of
from jobs.uploads.errors import UploadRefused
from jobs.uploads.option_values import MOST_COLUMNS, read_values, readers_of
from jobs.uploads.reading_options import OptionType, ReadingOption
from tests.tasks import Task


def option(name: str, kind: OptionType, **more: Any) -> ReadingOption:
    return ReadingOption(name=name, type=kind, label=name, **more)


OPTIONS = (
    option("column", OptionType.COLUMN),
    option("columns", OptionType.COLUMNS),
    option("flag", OptionType.FLAG),
    option("row", OptionType.ROW),
    option("word", OptionType.CHOICE, choices=(("keep", "Keep"), ("drop", "Drop"))),
    option("open", OptionType.CHOICE, open=True),
    option("classes", OptionType.CLASSES),
    option("samples", OptionType.SAMPLES),
)
READERS = readers_of(OPTIONS)


def read(**data: Any) -> dict[str, Any]:
    return read_values(data, READERS, thing="file", code="invalid")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("column", "a", "a"),
        ("columns", "a", ("a",)),
        ("columns", '["a", "b", "a"]', ("a", "b")),
        ("columns", ["a", "b"], ("a", "b")),
        ("columns", "[a", ("[a",)),
        ("flag", True, True),
        ("flag", " No ", False),
        ("flag", 1, True),
        ("row", "12", 12),
        ("word", "drop", "drop"),
        ("open", "Sheet 2", "Sheet 2"),
        ("classes", '{"a": "b"}', {"a": "b"}),
        ("samples", {"a/1.jpg": ""}, {"a/1.jpg": ""}),
    ],
)
def test_a_value_is_read_by_the_type_of_its_option(name: str, value: Any, found: Any) -> None:
    assert read(**{name: value}) == {name: found}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("column", 3, "name of a column"),
        ("column", "x" * 1_001, "name of a column"),
        ("columns", [], f"1 to {MOST_COLUMNS}"),
        ("columns", [[]], "name of a column"),
        ("flag", "perhaps", "true or false"),
        ("flag", [True], "true or false"),
        ("row", 0, "number of a row"),
        ("row", True, "number of a row"),
        ("word", "leave", "Choose keep or drop."),
        ("word", ["keep"], "Choose keep or drop."),
        ("open", 4, "not a valid choice"),
        ("classes", "nonsense", "Give an object"),
    ],
)
def test_a_bad_value_is_refused_under_its_name(name: str, value: Any, words: str) -> None:
    with pytest.raises(UploadRefused) as caught:
        read(**{name: value}, column_of_another_kind="x")
    assert (caught.value.status, caught.value.code) == (400, "invalid")
    assert caught.value.detail == "The options for the file have errors."
    assert list(caught.value.fields) == [name]
    assert words in caught.value.fields[name][0]


def test_what_is_empty_chooses_nothing() -> None:
    assert read(column="", flag=None, word="") == {}


def test_what_nobody_knows_is_refused_where_only_these_are_known() -> None:
    with pytest.raises(UploadRefused) as caught:
        read_values({"x": 1, "row": "a"}, READERS, thing="file", code="invalid", only=True)
    assert list(caught.value.fields) == ["x", "row"]
    assert "the options are column, columns," in caught.value.fields["x"][0]


def test_an_option_may_have_a_reader_of_its_own() -> None:
    readers = readers_of(OPTIONS, open=lambda value: value[::-1])
    assert read_values({"open": "ab"}, readers, thing="file", code="invalid") == {"open": "ba"}


@pytest.mark.parametrize(("task", "kind"), [(Task.IMAGE, PictureOptions), (Task.TEXT, TableOptions)])
def test_every_choice_that_a_page_offers_is_read(task: Task, kind: Any) -> None:
    options = uploads_of(task).OPTIONS
    assert {each.name for each in options} == set(kind.__dataclass_fields__)
    for each in options:
        for value, _ in each.choices:
            assert kind.from_json({each.name: value}).to_json()[each.name]
