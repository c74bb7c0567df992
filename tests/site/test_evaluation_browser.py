"""A model measured on a labelled file, in a real Chromium on a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.batches import runner
from tests.jobs.batches.test_evaluations import MOODS
from tests.site.conftest import PHONE
from tests.site.test_batch_browser import Open, is_as_wide_as_the_screen, tables_cut_off
from tests.tasks import Task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_table_measures_the_model_while_one_watches(open_page: Open, make_model: Any) -> None:
    page = open_page("evaluation-new", make_model(Task.TEXT).token, viewport=PHONE)
    assert is_as_wide_as_the_screen(page)
    words = MOODS.replace("good", "happy").replace("bad", "sad")
    page.set_input_files("#id_file", {"name": "no.csv", "mimeType": "text/csv", "buffer": words.encode()})
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("#problem")).to_contain_text("None of the classes in the file")
    page.set_input_files("#id_file", {"name": "a.csv", "mimeType": "text/csv", "buffer": MOODS.encode()})
    page.get_by_role("button", name="Measure").click()
    expect(page.get_by_role("heading", name="Next in line")).to_be_visible()
    assert runner.run_next()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.get_by_text("classified correctly")).to_be_visible()
    expect(page.get_by_text("lovely but we left early")).to_be_visible()
    assert tables_cut_off(page) == []
    assert is_as_wide_as_the_screen(page)
    page.locator("summary", has_text="The most common mistakes").click()
    assert is_as_wide_as_the_screen(page)
