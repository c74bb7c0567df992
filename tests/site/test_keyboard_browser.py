"""From the first page to a prediction with nothing but the keyboard, on a phone's width, for sentences and pictures."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from jobs.models import Job
from tests.bundles import picture
from tests.site.conftest import PHONE, pictures_zip
from tests.tasks import Task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return {words: "", seen: false};
  const style = getComputedStyle(one);
  const around = one.closest("label") ? getComputedStyle(one.closest("label")) : style;
  const labels = [...(one.labels || [])].map((label) => label.innerText);
  const words = [one.innerText, one.getAttribute("aria-label"), ...labels];
  return {
    words: words.filter(Boolean).join(" "),
    seen: [style, around].some((each) => each.outlineStyle !== "none" || each.boxShadow !== "none"),
  };
}"""


def go_to(page: Page, words: str) -> None:
    """Tab until what has the focus is named so; it must be seen to have it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if words in focused["words"]:
            assert focused["seen"], f"{words} does not show that it has the focus"
            return
    pytest.fail(f"{words} cannot be reached with Tab")


def press(page: Page, words: str) -> None:
    go_to(page, words)
    page.keyboard.press("Enter")


def arrive(page: Page, heading: str) -> None:
    """Wait for the next page and its scripts: a field may move when they begin."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.wait_for_load_state()


def hand_over_sentences(page: Page) -> None:
    press(page, "Sentences")
    arrive(page, "Your sentences")
    go_to(page, "A file")
    page.keyboard.press("ArrowRight")
    go_to(page, "Paste rows")
    page.keyboard.insert_text("text,mood\nI love it,good\nvery nice,good\nawful,bad\nso bad,bad\n")
    press(page, "Check these rows")


def hand_over_pictures(page: Page, file: Path) -> None:
    press(page, "Pictures")
    arrive(page, "Your pictures")
    go_to(page, "A zip with one folder per class")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    press(page, "Upload and check")


@pytest.mark.parametrize("task", list(Task))
def test_the_whole_path_by_keyboard(open_page: Any, make_model: Any, tmp_path: Path, task: Task) -> None:
    page = open_page("home", viewport=PHONE)
    # From here on choosers are caught; asked for just before a key, that now and then comes too late.
    page.on("filechooser", lambda _: None)
    zipped, one = tmp_path / "colours.zip", tmp_path / "one.png"
    zipped.write_bytes(pictures_zip())
    one.write_bytes(picture("green"))
    if task is Task.TEXT:
        hand_over_sentences(page)
    else:
        hand_over_pictures(page, zipped)
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    go_to(page, "Name of the task")
    page.keyboard.type("my task")
    press(page, "Start training")
    expect(page.get_by_role("heading", name="Next in line")).to_be_visible()
    make_model(task, job=Job.objects.get())
    expect(page.get_by_role("heading", name="Try it")).to_be_visible()
    if task is Task.TEXT:
        go_to(page, "Sentences, one per line")
        page.keyboard.type("great fun")
        press(page, "Predict")
    else:
        go_to(page, "Pictures to classify")
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Space")
        chooser.value.set_files(one)
    expect(page.locator(".answer strong")).to_have_text("good" if task is Task.TEXT else "green")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
