"""Paging through all pictures of an upload in a real Chromium, at the width of a desk and of a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.models import Dataset
from tests.site.conftest import PHONE
from tests.site.test_picture_reading_pages import counts, folders, stored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {"width": 1200, "height": 900}


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_one_pages_through_a_class_and_moves_a_picture(open_page: Any, size: dict[str, int]) -> None:
    page = open_page("dataset-samples", stored(folders("oak", "elm", each=50)).token, viewport=size)
    expect(page.get_by_text("1 to 48 of 50")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("49 to 50 of 50")).to_be_visible()
    page.get_by_label("Class").select_option("oak")
    expect(page.get_by_role("heading", name="oak")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.get_by_label("Choose oak/3.png").check()
    page.get_by_label("The ticked pictures are").select_option("elm")
    page.get_by_role("button", name="Change them").click()
    expect(page.get_by_text("1 to 48 of 49")).to_be_visible()
    assert counts(Dataset.objects.get()) == {"elm": 51, "oak": 49}
