"""Whole files and the camera in a real Chromium; its fake camera shows a green picture with a moving sign."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from jobs.batches import runner
from jobs.models import BatchPrediction
from tests.site.conftest import pictures_zip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 360, "height": 740}
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    # Playwright's event loop runs in this thread, where the tests use the database, too.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox", *CAMERA])
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """`open_page(name, *args, script="", **context)`: a page of the live server; a script error fails."""
    contexts, complaints = [], []

    def open_(name: str, *args: Any, script: str = "", **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(live_server.url + reverse(name, args=args))
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def is_as_wide_as_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_zip_is_predicted_while_one_watches(open_page: Open, make_model: Any) -> None:
    page = open_page("batch-new", make_model().token, viewport=PHONE, color_scheme="dark")
    page.set_input_files("#id_file", {"name": "no.zip", "mimeType": "application/zip", "buffer": b"no zip"})
    page.get_by_role("button", name="Predict all").click()
    expect(page.locator("#problem")).to_contain_text("neither a zip nor a video")
    file = {"name": "a.zip", "mimeType": "application/zip", "buffer": pictures_zip()}
    page.set_input_files("#id_file", file)
    page.get_by_role("button", name="Predict all").click()
    expect(page.get_by_role("heading", name="Next in line")).to_be_visible()
    assert runner.run_next()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.get_by_text("6 of 6 predicted")).to_be_visible()
    assert is_as_wide_as_the_screen(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "a-predictions.csv"
    assert BatchPrediction.objects.get().counts == {"red": 3, "green": 3}


def test_the_camera_classifies_pauses_and_goes_on(open_page: Open, make_model: Any) -> None:
    page = open_page("model-camera", make_model().token, viewport=PHONE, permissions=["camera"])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/predict/" in request.url else None)
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("[data-label]")).to_have_text("green")
    expect(page.locator("[data-bars] li")).to_have_count(3)
    expect(page.locator("[data-figures]")).to_contain_text(re.compile(r"\d pictures a second, answered in"))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused")).to_be_visible()
    count = len(sent)
    page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))")
    assert len(sent) == count
    page.get_by_role("button", name="Resume").click()
    page.wait_for_event("request", lambda request: "/predict/" in request.url)
    assert is_as_wide_as_the_screen(page)


def test_the_camera_slows_down_when_the_server_is_busy(open_page: Open, make_model: Any) -> None:
    page = open_page("model-camera", make_model().token, permissions=["camera"])
    times: list[float] = []

    def busy(route: Route) -> None:
        times.append(page.evaluate("performance.now()"))
        if len(times) < 3:
            headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
            route.fulfill(status=503, headers=headers, body='{"title": "Busy", "detail": "Flash is busy."}')
        else:
            route.continue_()

    page.route("**/predict/", busy)
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_text("Flash is busy. Going on in 1 s, more slowly.")).to_be_visible()
    expect(page.locator("[data-label]")).to_have_text("green")
    assert times[1] - times[0] >= 900
    assert times[2] - times[1] >= 900


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("Object.defineProperty(window, 'isSecureContext', {value: false})", "https://"),
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))",
            "There is no camera",
        ),
        (
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))",
            "Allow it for this page",
        ),
    ],
)
def test_it_says_why_there_is_no_picture(open_page: Open, make_model: Any, script: str, words: str) -> None:
    page = open_page("model-camera", make_model().token, script=script)
    start = page.get_by_role("button", name="Start the camera")
    if start.is_visible():
        start.click()
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_an_expired_model_ends_it_in_words(open_page: Open, make_model: Any) -> None:
    model = make_model()
    page = open_page("model-camera", model.token, permissions=["camera"])
    model.delete()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("No model has this token")
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
