"""Whole files and the camera in a real Chromium; its fake camera shows a green picture with a moving sign."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from jobs.batches import runner
from jobs.models import BatchPrediction
from tests.site.conftest import PHONE, pictures_zip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Page]


def is_as_wide_as_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def tables_cut_off(page: Page) -> list[str]:
    """Tables of samples of which a part is seen only by scrolling sideways."""
    cut = "tables => tables.filter(t => t.parentElement.scrollWidth > t.parentElement.clientWidth)"
    return list(
        page.locator("table.samples").evaluate_all(f"tables => ({cut})(tables).map(t => t.textContent)")
    )


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
    expect(page.locator("table.samples")).to_contain_text("red/0.png")
    assert tables_cut_off(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    assert download.value.suggested_filename == "a-predictions.csv"
    assert BatchPrediction.objects.get().counts == {"red": 3, "green": 3}


def test_the_camera_classifies_pauses_and_goes_on(open_page: Open, make_model: Any) -> None:
    page = open_page("model-page", make_model().token, "camera", viewport=PHONE, permissions=["camera"])
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
    page = open_page("model-page", make_model().token, "camera", permissions=["camera"])
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
    expect(page.get_by_text("Flash is busy. Continuing in 1 s, more slowly.")).to_be_visible()
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
    page = open_page("model-page", make_model().token, "camera", script=script)
    start = page.get_by_role("button", name="Start the camera")
    if start.is_visible():
        start.click()
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_an_expired_model_ends_it_in_words(open_page: Open, make_model: Any) -> None:
    model = make_model()
    page = open_page("model-page", model.token, "camera", permissions=["camera"])
    model.delete()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no model with this token")
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()
