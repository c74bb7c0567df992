"""The main paths in a real Chromium: upload, look, submit; the builder's zip; a phone; a keyboard."""

import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from jobs.models import Dataset, Job, JobEvent, PlatformStatus
from tests.bundles import picture
from tests.published import at
from tests.site.addresses import address_of
from tests.site.conftest import PHONE, pictures_zip, upload
from tests.tasks import Task

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_zip_becomes_a_job(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    page.set_input_files("#id_dataset", upload("colours.zip", pictures_zip()))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    page.get_by_label("Name of the task").fill("red and green")
    page.get_by_text("Balanced").click()
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="Next in line")).to_be_visible()
    job = Job.objects.get()
    assert (job.preset, job.task_name) == ("balanced", "red and green")
    expect(page.locator("#token")).to_have_text(at(page.url, job).token)
    page.get_by_role("link", name="Recent", exact=True).first.click()
    expect(page.get_by_role("link", name="red and green")).to_be_visible()


def test_advanced_tells_what_was_changed_and_takes_it_back(open_page: Any, text_dataset: Dataset) -> None:
    page = open_page("dataset", text_dataset.token)
    page.locator("summary", has_text="Advanced").click()
    for heading in ("Model", "Data", "Learning", "Learning rate over time", "Limits"):
        expect(page.get_by_role("group", name=heading, exact=True)).to_be_visible()
    expect(page.get_by_text("How much each step changes the weights: 0.00001 to 2.")).to_be_visible()
    rate, changed = page.get_by_label("Learning rate", exact=True), page.locator("[data-changed]")
    rate.fill("0.1")
    page.locator("#id_optimizer").select_option("sgd")
    expect(changed).to_have_text("2 changed")
    page.get_by_role("button", name="Reset Learning rate").click()
    expect(rate).to_have_value("")
    expect(rate).to_be_focused()
    expect(changed).to_have_text("1 changed")
    page.locator("label.preset", has_text="Auto").click()
    expect(rate).to_be_hidden()
    expect(page.get_by_label("Reduce the learning rate in steps")).to_be_hidden()
    expect(changed).to_have_text("")
    page.locator("label.preset", has_text="Quick").click()
    expect(rate).to_be_visible()
    expect(changed).to_have_text("1 changed")


def test_blank_fields_show_what_the_preset_fills_in(open_page: Any, image_dataset: Dataset) -> None:
    page = open_page("dataset", image_dataset.token)
    page.locator("summary", has_text="Advanced").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_attribute("placeholder", "Preset: 10")
    page.get_by_text("Balanced").click()
    expect(page.get_by_label("Epochs", exact=True)).to_have_attribute("placeholder", "Preset: 8")
    expect(page.get_by_label("Early stopping")).to_have_attribute("placeholder", "Preset: off")
    options = page.locator("#id_optimizer option, #id_model option").all_text_contents()
    assert "Preset: AdamW" in options and "Preset: MobileNet V2" in options
    expect(page.get_by_label("Gamma")).to_be_hidden()
    page.get_by_label("Reduce the learning rate in steps").check()
    expect(page.get_by_label("Gamma")).to_be_visible()


def test_the_estimate_follows_the_preset(open_page: Any, text_dataset: Dataset) -> None:
    Dataset.objects.update(sample_count=100_000)
    page = open_page("dataset", text_dataset.token)
    estimate = page.locator("#estimate dl:visible")
    before = estimate.inner_text()
    page.locator(".preset", has_text="Weighs words").click()
    expect(estimate).to_have_text(before, use_inner_text=True)
    page.locator(".preset", has_text="vote").click()
    expect(estimate).not_to_have_text(before, use_inner_text=True)
    expect(estimate).to_contain_text("h")


def test_the_main_path_works_without_javascript(open_page: Any) -> None:
    page = open_page("new-kind", "text", java_script_enabled=False)
    page.get_by_label("Paste rows").fill(
        "input,label\nI love it,good\nvery nice,good\nawful,bad\nso bad,bad\n"
    )
    page.get_by_role("button", name="Check these rows").click()
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    page.get_by_label("Name of the task").fill("m" * 101)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Use at most 100 characters; this name has 101.")).to_be_visible()
    page.get_by_label("Name of the task").fill("moods")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("heading", name="Next in line")).to_be_visible()
    page.get_by_role("link", name="Cancel training").click()
    page.get_by_role("button", name="Yes, cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_the_builder_makes_a_zip_of_its_classes(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    cards = page.locator("[data-class]")
    for number, colour in enumerate(("röd", "green")):
        card = cards.nth(number)
        card.get_by_label("Name of the class").fill(colour)
        files = [
            upload(f"{n}.png", picture("red" if number == 0 else "green", size=(30 + n, 30)), "image/png")
            for n in range(3)
        ]
        card.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("2 classes, 6 pictures")).to_be_visible()
    cards.nth(0).get_by_role("button", name="Remove 2.png").click()
    expect(page.get_by_text("2 classes, 5 pictures")).to_be_visible()
    page.locator("[data-send]").click()
    expect(page.get_by_role("heading", name="What Flash understood")).to_be_visible()
    dataset = Dataset.objects.get()
    assert dataset.classes == [{"label": "green", "count": 3}, {"label": "röd", "count": 2}]
    with dataset.file.open("rb") as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None


def test_a_refused_upload_leaves_the_builder_as_it_was(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    cards = page.locator("[data-class]")
    broken = upload("a.png", b"\x89PNG\r\n\x1a\n nothing", "image/png")
    for number, label in enumerate(("cat", "dog")):
        cards.nth(number).get_by_label("Name of the class").fill(label)
        cards.nth(number).locator("input[type=file]").set_input_files(
            [broken, upload("b.png", broken["buffer"] + b"2", "image/png")]
        )
    page.locator("[data-send]").click()
    expect(page.locator("#problem")).to_be_visible()
    assert page.locator("[data-detail]").inner_text()
    assert cards.nth(1).get_by_label("Name of the class").input_value() == "dog"
    expect(page.get_by_text("2 classes, 4 pictures")).to_be_visible()
    assert not Dataset.objects.exists()


def test_dev_mode_is_told_before_a_byte_is_sent(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    PlatformStatus.objects.update_or_create(pk=1, defaults={"dev_mode": True})
    page.set_input_files("#id_dataset", upload("colours.zip", pictures_zip()))
    page.get_by_role("button", name="Upload and check").click()
    expect(page.locator("#problem")).to_contain_text("under maintenance")
    expect(page.get_by_role("button", name="Upload and check")).to_be_enabled()


def test_the_builder_says_what_is_missing(open_page: Any) -> None:
    page = open_page("new-kind", "image")
    page.locator("[data-class]").nth(0).locator("input[type=file]").set_input_files(
        upload("a.png", picture(), "image/png")
    )
    page.locator("[data-send]").click()
    expect(page.get_by_text("Give this class a name.")).to_be_visible()


def test_a_sample_is_one_click_away(open_page: Any) -> None:
    page = open_page("home")
    page.get_by_role("button", name="Try the messages").click()
    expect(page.get_by_text("400 sentences")).to_be_visible()


def test_the_job_page_follows_the_job(open_page: Any, make_job: Any, make_model: Any) -> None:
    job = make_job(status="training", phase="training", progress=0.2)
    page = open_page("job", job.token)
    expect(page.get_by_role("heading", name="Training")).to_be_visible()
    JobEvent.objects.create(job=job, kind="log", message="half of it is done")
    Job.objects.filter(pk=job.pk).update(progress=0.5)
    expect(page.get_by_text("half of it is done")).to_be_visible()
    assert page.title().startswith("50 %")
    make_model(job=job)
    expect(page.get_by_role("heading", name="Try it")).to_be_visible()
    page.context.clear_cookies()


def test_pictures_are_sorted_in_place(open_page: Any, make_model: Any) -> None:
    page = open_page("model", make_model().token)
    files = [upload("one.png", picture("green"), "image/png"), upload("two.png", b"no picture", "image/png")]
    page.set_input_files("#id_image", files)
    answers = page.locator(".answer")
    expect(answers).to_have_count(2)
    expect(answers.nth(0).locator("strong")).to_have_text("green")
    expect(answers.nth(0).locator("img")).to_be_visible()
    expect(answers.nth(1).locator(".errors")).to_contain_text("is not a picture")


def test_sentences_are_sorted_in_place_by_keyboard(open_page: Any, make_model: Any) -> None:
    page = open_page("model", make_model(Task.TEXT).token)
    page.get_by_label("Sentences, one per line").fill("great lovely fun\nterrible awful")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".answer strong")).to_have_text(["good", "bad"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(
    open_page: Any, scheme: str, image_dataset, text_dataset, make_job, make_model
) -> None:
    job = make_job(status="failed", error="A" * 300, task_name="a-name-without-end-" * 5)
    model = make_model(classes=[f"class number {n} with a long name" for n in range(12)])
    addresses = [
        *((name,) for name in ("home", "new", "new-image", "new-text", "find", "recent", "about")),
        ("dataset", image_dataset.token), ("dataset", text_dataset.token), ("job", job.token), ("model", model.token),
    ]  # fmt: skip
    page = open_page("home", viewport=PHONE, color_scheme=scheme)
    origin = page.url.rstrip("/")
    for name, *args in addresses:
        page.goto(origin + address_of(name, *args))
        for details in page.locator("details").all():
            details.evaluate("element => { element.open = true; }")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], (name, args)


def test_tabs_stay_on_one_line_on_a_phone(open_page: Any, make_model) -> None:
    page = open_page("new-kind", "text", viewport=PHONE)
    origin, token = page.url.split("/new")[0], make_model().token
    for address in (page.url, f"{origin}{address_of('model', token)}"):
        page.goto(address)
        tabs = [tab.bounding_box() for tab in page.get_by_role("tab").all()]
        assert len(tabs) > 1
        assert len({round(tab["y"]) for tab in tabs}) == 1, address
        assert max(tab["height"] for tab in tabs) < 48, address
