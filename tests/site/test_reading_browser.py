"""Steering how a table is read, in a real Chromium: a preview at each choice, questions, undo, on a phone, too."""

from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.models import Dataset
from tests.site.conftest import PHONE
from tests.site.test_reading_pages import CLEAR, OPEN, stored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def width(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth"))


def test_a_choice_shows_at_once_what_it_makes_of_the_table(open_page: Any) -> None:
    page = open_page("dataset", stored(CLEAR).token, viewport=PHONE)
    expect(page.get_by_text("60 sentences in 3 classes")).to_be_visible()
    expect(page.get_by_text("Reading it again")).to_be_hidden()
    expect(page.get_by_role("button", name="Read it like this")).to_have_count(0)
    page.get_by_label("Column with the class").select_option("Branch")
    expect(page.get_by_text("60 sentences in 2 classes")).to_be_visible()
    expect(page.get_by_role("button", name="Read it like this")).to_have_count(0)
    expect(page.get_by_label("Column with the class")).to_have_value("Branch")
    assert width(page) <= PHONE["width"]
    page.get_by_text("More ways to read it").click()
    page.get_by_text("All 4 columns").click()
    assert width(page) <= PHONE["width"]
    page.get_by_label("Column with the text").select_option("Branch")
    expect(page.get_by_text("cannot be the same column")).to_be_visible()
    assert Dataset.objects.get().findings["input_column"] == "Told us"


def test_a_question_is_answered_by_a_click(open_page: Any) -> None:
    page = open_page("dataset", stored(OPEN).token, viewport=PHONE)
    assert width(page) <= PHONE["width"]
    page.get_by_role("button", name="Matter").first.click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    expect(page.get_by_text("60 sentences in 3 classes")).to_be_visible()


def test_a_choice_in_the_form_answers_a_question_too(open_page: Any) -> None:
    dataset = stored(OPEN)
    other = "Branch" if dataset.findings["label_column"] == "Matter" else "Matter"
    page = open_page("dataset", dataset.token)
    page.get_by_label("Column with the class").select_option(other)
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


def test_a_guess_is_undone_and_classes_get_other_names(open_page: Any) -> None:
    page = open_page("dataset", stored(CLEAR).token, viewport=PHONE)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("the given split is kept")).to_have_count(0)
    page.get_by_text("Rename, join or leave out classes").click()
    page.get_by_label("praise", exact=True).fill("refund")
    page.get_by_role("button", name="Use these names").click()
    expect(page.get_by_text("60 sentences in 2 classes")).to_be_visible()
