"""Steering how a zip of pictures is read, in a real Chromium, on a phone, too."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.site.conftest import PHONE
from tests.site.test_picture_reading_pages import folders, stored, two_levels, with_table
from tests.site.test_reading_browser import width

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_question_about_folders_is_answered_by_a_click(open_page: Any) -> None:
    page = open_page("dataset", stored(two_levels()).token, viewport=PHONE)
    assert width(page) <= PHONE["width"]
    page.get_by_role("button", name="The folders", exact=True).click()
    expect(page.get_by_text("16 pictures in 2 classes")).to_be_visible()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


def test_another_column_of_the_table_shows_at_once_what_it_makes(open_page: Any) -> None:
    page = open_page("dataset", stored(with_table()).token)
    page.get_by_label("Where the classes come from").select_option("table list.csv")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    expect(page.get_by_label("cup", exact=True)).to_have_count(1)
    # What is new on the page listens some milliseconds after it is seen.
    expect(page.locator(".htmx-request, .htmx-added, .htmx-settling")).to_have_count(0)
    page.get_by_label("Column with the class").select_option("age")
    expect(page.get_by_label("old", exact=True)).to_have_count(1)


def test_a_picture_is_left_out_by_a_tick(open_page: Any) -> None:
    page = open_page("dataset", stored(folders("oak", "elm")).token, viewport=PHONE)
    page.get_by_label("Choose oak/0.png").check()
    page.get_by_role("button", name="Change them").click()
    expect(page.get_by_text("7 pictures in 2 classes")).to_be_visible()
    assert width(page) <= PHONE["width"]
    page.get_by_text("Left out: 1 file").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("8 pictures in 2 classes")).to_be_visible()
