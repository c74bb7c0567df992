"""Versions in a real Chromium, at the width of a desk and of a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.datasets.versions import recording
from jobs.models import Dataset
from tests.site.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = {"width": 1200, "height": 900}


def fits(page: Any, size: dict[str, int], name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], name


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_one_corrects_a_label_and_takes_it_back(
    open_page: Any, size: dict[str, int], kind: str, text_dataset: Dataset, image_dataset: Dataset
) -> None:
    dataset, wrong, right = (
        (text_dataset, "it is bad", "good") if kind == "text" else (image_dataset, "green/0.png", "red")
    )
    version = recording.begin(dataset=dataset)
    page = open_page("versions", dataset.versions_token, viewport=size)
    fits(page, size, f"{kind}-list")
    page.get_by_role("link", name="Look at it: version 1").click()
    page.get_by_label(f"Choose {wrong}").check()
    page.get_by_label("The ticked", exact=False).fill(right)
    page.get_by_label("Why", exact=False).fill("I looked at it")
    fits(page, size, f"{kind}-version")
    page.get_by_role("button", name="Relabel").click()
    expect(page.get_by_text("This is version 2 now.")).to_be_visible()
    expect(page.get_by_text(f"→ {right}")).to_be_visible()
    fits(page, size, f"{kind}-changed")
    page.get_by_role("link", name="All versions", exact=False).click()
    fits(page, size, f"{kind}-two")
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_text("Version 1 is back, as version 3.")).to_be_visible()
    assert version.dataset.versions.count() == 3
