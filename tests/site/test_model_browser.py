"""The page of a model in a real Chromium: behind the figures, by keyboard, on a phone, to its end."""

import base64
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from modelstore.models import TrainedModel
from tests.bundles import picture
from tests.site.conftest import PHONE, upload
from tests.site.kept_examples import keep_examples
from tests.tasks import Task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_is_behind_a_figure_is_shown_in_place(open_page: Any, make_model: Any) -> None:
    model = keep_examples(make_model(), "red/7.jpg")
    page = open_page("model", model.token)
    page.get_by_role("link", name="20: red taken for red").first.click()
    expect(page.get_by_alt_text("red/7.jpg")).to_be_visible()
    expect(page.get_by_role("heading", name="red, recognised correctly")).to_be_visible()
    page.get_by_label("Threshold in percent").fill("80")
    expect(page.locator("[data-unsure]")).to_have_text("40\N{NO-BREAK SPACE}%")
    expect(page.locator("#id_threshold")).to_have_value("80")
    page.get_by_role("tab", name="Python").click()
    expect(page.locator("#python")).to_contain_text(f"/api/v1/models/{model.token}/predict/")
    expect(page.locator("#curl")).to_be_hidden()


def test_pictures_are_dropped_and_pasted_and_results_taken_as_a_file(open_page: Any, make_model: Any) -> None:
    page = open_page("model", make_model().token)
    encoded = base64.b64encode(picture("green")).decode()
    page.evaluate(
        """([encoded]) => {
          const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
          const given = new DataTransfer();
          given.items.add(new File([bytes], "pasted.png", {type: "image/png"}));
          document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: given, bubbles: true}));
        }""",
        [encoded],
    )
    expect(page.locator(".answer strong")).to_have_text("green")
    names = [f"{number}.png" for number in range(9)]
    page.set_input_files("#id_image", [upload(name, picture("red"), "image/png") for name in names])
    expect(page.locator("[data-answers] tbody tr")).to_have_count(9)
    with page.expect_download() as download:
        page.get_by_role("button", name="As a CSV file").click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) == 10


def test_its_life_by_keyboard_alone(open_page: Any, make_model: Any) -> None:
    model = make_model(Task.TEXT, age=1.5)
    page = open_page("model", model.token)
    expect(page.locator("time[data-moment=left]")).to_have_text("29 min", timeout=3000)
    # In the reader's own time.
    expect(page.get_by_text("will be deleted on")).not_to_contain_text("UTC")
    page.get_by_role("button", name="Extend").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It now lives for another")).to_be_visible()
    page.locator("#id_sentences").focus()
    page.keyboard.type("great fun")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".answer strong")).to_have_text("good")
    page.get_by_role("link", name="Delete now").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Delete colours").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="colours has been deleted")).to_be_visible()
    assert not TrainedModel.objects.exists()
    page.goto(page.url.replace("delete/", ""))
    expect(page.get_by_role("heading", name="This model has been deleted")).to_be_visible()


def test_all_of_it_fits_a_phone_and_works_without_a_script(open_page: Any, make_model: Any) -> None:
    model = keep_examples(make_model(Task.TEXT))
    page = open_page("model", model.token, viewport=PHONE, java_script_enabled=False)
    page.get_by_label("None of the classes below").last.fill("99")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("[data-unsure]")).to_have_text("100\N{NO-BREAK SPACE}%")
    page.locator("#id_sentences").fill("great fun")
    page.get_by_label("Show what weighed most").check()
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.get_by_text("None of the classes", exact=True)).to_be_visible()
    expect(page.locator("mark").first).to_have_text("great")
    page.get_by_role("link", name="20: bad taken for bad").click()
    expect(page.get_by_text("great <b>fun</b>")).to_be_visible()
    for name in ("model", "model-examples", "model-delete"):
        query = "?truth=0&predicted=0" if name == "model-examples" else ""
        page.goto(page.url.split("/models/")[0] + reverse(name, args=[model.token]) + query)
        assert page.locator("html").evaluate("html => html.scrollWidth") <= PHONE["width"]
