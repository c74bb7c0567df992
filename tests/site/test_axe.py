"""axe-core over every page, light and dark: nothing serious or critical for people who read in other ways."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from jobs.datasets.versions import recording
from jobs.models import Attempt, Dataset, DatasetVersion, Job, JobEvent, PlatformStatus, Server
from modelstore import api_keys
from modelstore.models import Tombstone, TrainedModel
from tests.jobs.batches.test_evaluations import MOODS
from tests.jobs.batches.videos import video
from tests.site.addresses import addresses, admin_addresses
from tests.site.batches import batch_row, done_batch, done_evaluation
from tests.site.conftest import pictures_zip
from tests.site.kept_examples import add_findings, keep_examples
from tests.tasks import Task

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
_AXE = Path(__file__).with_name("vendor") / "axe.min.js"
_RUN = """async (rules) => {
  // Colours on their way from light to dark are neither.
  document.getAnimations().forEach((one) => one.finish());
  const found = await axe.run(document, {resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})});
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => ({
    id: one.id, help: one.help, where: one.nodes.slice(0, 4).map((node) => node.html.slice(0, 200)),
  }));
}"""


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    # Playwright's event loop runs in this thread, where the tests use the database, too.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def pages(
    make_job: Callable[..., Job],
    make_model: Callable[..., TrainedModel],
    image_dataset: Any,
    text_dataset: Any,
) -> list[str]:
    """Each page in the states in which it looks different."""
    PlatformStatus.objects.update_or_create(pk=1, defaults={"notice": "Back at noon."})
    pictures, words = (add_findings(keep_examples(make_model(task))) for task in (Task.IMAGE, Task.TEXT))
    timeline = done_batch(pictures, "walk.mp4", video([("red", 3), ("blue", 2)], rate=2))
    predicted = done_batch(pictures, "colours.zip", pictures_zip())
    measured = done_evaluation(pictures, "mine.zip", pictures_zip())
    moods = done_evaluation(words, "moods.csv", MOODS.encode())
    moods.summary["evaluation"] |= {"seen": {"count": 2, "score": moods.evaluation["score"]}, "sources": 3}
    moods.save(update_fields=["summary"])
    to_measure = batch_row(words, reading={"options": {}}, name="later.csv")
    batch_row(words)
    half = {"status": "running", "progress": 0.4, "total": 10, "done": 4}
    under_way = batch_row(words, lease_until=timezone.now() + timedelta(minutes=1), **half)
    waiting, failed = make_job(), make_job(status="failed", error="The data has one class only.")
    running = make_job(status="training", phase="training", progress=0.4, eta_seconds=20)
    for number in range(1, 5):
        running.epochs.create(
            epoch=number, train_loss=1 / number, val_loss=1 / number, train_accuracy=0.5, val_accuracy=0.6
        )
        JobEvent.objects.create(job=running, kind="warning", message="The classes are of unequal size.")
    tokens = [
        {
            "job": running.token,
            "model": pictures.token,
            "dataset": image_dataset.token,
            "versions": _kept(image_dataset),
            "batch": timeline.token,
            "evaluation": measured.token,
        },
        {
            "job": failed.token,
            "model": words.token,
            "dataset": text_dataset.token,
            "versions": _kept(text_dataset),
            "batch": under_way.token,
            "evaluation": moods.token,
        },
        {"model": words.token, "evaluation": to_measure.token},
        {"job": waiting.token, "model": pictures.token, "batch": predicted.token},
    ]
    found: dict[str, None] = {}
    for given in tokens:
        for name, path in addresses(given).items():
            if not name.startswith("api:") or name == "api:docs":
                found[path] = None
    return list(found)


def _kept(dataset: Dataset) -> str:
    """The token of its versions, of which the second one lacks a sample."""
    first = recording.begin(dataset=dataset)
    recording.change_labels(dataset=first.dataset, labels={0: None}, kind=DatasetVersion.Kind.REMOVAL)
    return dataset.versions_token


def test_no_page_has_a_serious_problem(browser: Browser, live_server: Any, pages: list[str]) -> None:
    context = browser.new_context(reduced_motion="reduce")
    problems = _problems(context, live_server.url, pages)
    context.close()
    assert problems == {}


def test_no_page_of_the_admin_has_a_serious_problem(
    browser: Browser, live_server: Any, pages: list[str], client: Any, admin_user: Any
) -> None:
    _fill_admin()
    client.force_login(admin_user)
    context = browser.new_context(reduced_motion="reduce")
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])
    # The history of one kind of row looks as that of another.
    paths = [
        path
        for name, path in admin_addresses().items()
        if not name.endswith(" history") or "jobs_job " in name
    ]
    found = _problems(context, live_server.url, paths)
    context.close()

    assert found == {}


def _fill_admin() -> None:
    """A row of each kind that has a form."""
    server = Server.objects.create(name="i-1", driver="ec2", state="running")
    Attempt.objects.create(job=Job.objects.earliest("pk"), server=server, fence=1, outcome="failed")
    Tombstone.objects.create(storage_prefix="jobs/1/1", failures=2, last_error="The disk is full.")
    api_keys.create(name="nightly", scopes=["operate"])


def _problems(context: Any, origin: str, paths: list[str]) -> dict[str, Any]:
    """What axe finds on each page, every part of it open."""
    page, found, looked_at = context.new_page(), {}, 0
    page.set_default_timeout(15_000)
    for path in paths:
        answer = context.request.get(origin + path)
        # A fragment that a script puts into its page is looked at there.
        if "text/html" not in answer.headers.get("content-type", "") or "<html" not in answer.text()[:500]:
            continue
        looked_at += 1
        page.emulate_media(color_scheme="light")
        if "attachment" in answer.headers.get("content-disposition", ""):
            # A page that is taken along as a file.
            page.set_content(answer.text())
        else:
            page.goto(origin + path)
        page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        page.evaluate(_AXE.read_text("utf-8"))
        problems = page.evaluate(_RUN)
        page.emulate_media(color_scheme="dark")
        if problems := problems + page.evaluate(_RUN, ["color-contrast"]):
            found[path] = problems
    assert looked_at >= min(len(paths), 10)
    return found
