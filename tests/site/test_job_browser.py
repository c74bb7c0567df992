"""A job's page in a real Chromium: a first model, stopping with the keyboard alone, a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.models import Epoch, Job
from tests.site.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def press_until(page: Any, words: str) -> None:
    """Tab to what has these words, then Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText || ''"):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"{words} cannot be reached with Tab")


def test_a_training_is_stopped_and_kept_by_keyboard(open_page: Any, make_job: Any, make_model: Any) -> None:
    job = make_job(status="training", phase="training", progress=0.3)
    page = open_page("job", job.token, viewport=PHONE)
    make_model(job=job)
    Job.objects.filter(pk=job.pk).update(status="training", accuracy=None)
    expect(page.get_by_role("status")).to_have_text("Training. A first model is ready")
    for number in (1, 2, 3):
        Epoch.objects.create(
            job=job, epoch=number, train_loss=1, train_accuracy=0.7, val_loss=1, val_accuracy=0.8
        )
    expect(page.locator("svg[aria-label*=Accuracy]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    press_until(page, "Stop training")
    expect(page.get_by_role("heading", name="Keep the best so far")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    press_until(page, "Stop and keep the best")
    expect(page.get_by_role("heading", name="Finishing with the best so far")).to_be_visible()
    job.refresh_from_db()
    assert job.keep_best


def test_a_training_is_cancelled_by_keyboard(open_page: Any, make_job: Any) -> None:
    job = make_job(status="training", phase="training")
    page = open_page("job", job.token)
    press_until(page, "Cancel training")
    expect(page.get_by_role("heading", name="Cancel “red and green”?")).to_be_visible()
    press_until(page, "Yes, cancel")
    expect(page.get_by_role("heading", name="Stopping")).to_be_visible()
    job.refresh_from_db()
    assert job.cancel_requested
