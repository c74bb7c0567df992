"""A refusal shows the right form for the kind of task that was chosen, and calls other kinds as the pages do."""

import gzip

import pytest

from jobs.uploads import detect
from jobs.uploads.detection import refuse_by_head
from jobs.uploads.right_form import choose_instead, right_form
from tests.jobs.uploads.builders import picture, table, two_classes, write, zip_bytes
from tests.whole.numbers_kind import KIND as NUMBERS
from training.kinds import KINDS, register, unregister
from training.kinds.pictures import KIND as PICTURES
from training.kinds.sentences import KIND as SENTENCES

FOR_PICTURES, FOR_SENTENCES = PICTURES.words.right_form, SENTENCES.words.right_form
PDF, PROGRAM = b"%PDF-1.7\n", b"\x7fELF\x02\x01"
WORKBOOK = zip_bytes({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})
DOCUMENT = zip_bytes({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"})
WEIGHTS = zip_bytes({"model/data.pkl": b"x"})
CUT = zip_bytes(two_classes())[10:]


@pytest.mark.parametrize("data", [b"", PDF, PROGRAM, picture(), CUT, DOCUMENT, WEIGHTS, zip_bytes({})])
def test_sentences_are_never_shown_the_form_of_pictures(inspect_text, refusal_of, data):
    detail = refusal_of(inspect_text, data, name="data.zip").detail
    assert FOR_SENTENCES in detail and FOR_PICTURES not in detail
    assert "cats/" not in detail


@pytest.mark.parametrize(
    "data", [b"", PDF, PROGRAM, picture(), CUT, DOCUMENT, WEIGHTS, WORKBOOK, zip_bytes({}), table().encode()]
)
def test_pictures_are_never_shown_the_form_of_sentences(inspect_zip, refusal_of, data):
    detail = refusal_of(inspect_zip, data).detail
    assert FOR_PICTURES in detail and FOR_SENTENCES not in detail


def test_before_a_kind_is_chosen_every_form_is_shown(tmp_path, refusal_of):
    for data in (b"", PDF, picture()):
        detail = refusal_of(detect, write(tmp_path, data), "data.csv", None).detail
        assert FOR_PICTURES in detail and FOR_SENTENCES in detail
        assert "Flash takes a zip of pictures or a table of sentences." in detail


def test_the_first_bytes_alone_are_refused_for_the_kind_that_was_chosen(refusal_of):
    assert refusal_of(refuse_by_head, PDF, SENTENCES).detail == f"This is a PDF. {FOR_SENTENCES}"
    assert "npack" in refusal_of(refuse_by_head, gzip.compress(b"a,b"), PICTURES).detail


@pytest.mark.parametrize("data", [picture(), zip_bytes(two_classes())])
def test_who_sends_pictures_as_sentences_is_told_the_name_on_the_page(inspect_text, refusal_of, data):
    assert 'For a zip of pictures, choose "Pictures" instead.' in refusal_of(inspect_text, data).detail


@pytest.mark.parametrize("data", [table().encode(), WORKBOOK, zip_bytes({"t.csv": table().encode()})])
def test_who_sends_a_table_as_pictures_is_told_the_name_on_the_page(inspect_zip, refusal_of, data):
    assert 'For a table of sentences, choose "Sentences" instead.' in refusal_of(inspect_zip, data).detail


def test_a_kind_from_outside_is_named_as_the_others_are():
    assert len({kind.words.right_form for kind in KINDS.values()}) == len(KINDS)
    register(NUMBERS)
    try:
        assert choose_instead(".numbers", PICTURES) == ' For a table of numbers, choose "Numbers" instead.'
        assert right_form(None).startswith(
            "Flash takes a zip of pictures, a table of sentences or a table of numbers. "
        )
        assert NUMBERS.words.right_form in right_form(None)
    finally:
        unregister(NUMBERS)
