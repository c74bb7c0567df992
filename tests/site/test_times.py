"""Moments have one form on all pages, and are told in the visitor's time zone, the exact one on hover."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template

from flashsite.templatetags.times import utc
from jobs.models import Job, JobEvent
from tests.tasks import Task

TEMPLATES = Path(__file__).parents[2] / "templates"


def test_no_page_has_a_form_of_its_own_for_dates() -> None:
    for path in TEMPLATES.rglob("*.html"):
        # The admin has Django's.
        if path.parent.name != "admin":
            found = re.findall(r"<time|\|date:(?!'c')|\|timesince|\|timeuntil", path.read_text())
            assert found == [], f"{path} has {found}: use the tags of flashsite/templatetags/times.py"


@pytest.mark.parametrize(
    ("form", "words"), [("at", "3 May 2026, 04:05 UTC"), ("clock", "04:05:06"), ("ago", "ago"), ("left", "")]
)
def test_without_a_script_a_moment_is_in_utc(form: str, words: str) -> None:
    when = datetime(2026, 5, 3, 4, 5, 6, tzinfo=UTC)
    shown = Template(f'{{% load times %}}{{% moment when "{form}" %}}').render(Context({"when": when}))
    assert words in shown and f'title="{utc(when)}"' in shown and when.isoformat() in shown


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_visitor_sees_their_own_time_zone(open_page: Any, make_job: Callable[..., Job]) -> None:
    job = make_job(Task.TEXT, status="failed", error="It broke.")
    event = JobEvent.objects.create(job=job, kind="info", message="Reading")
    JobEvent.objects.filter(pk=event.pk).update(created=datetime(2026, 5, 3, 4, 5, 6, tzinfo=UTC))
    page = open_page("job", job.token, timezone_id="Asia/Kolkata", locale="de-DE")
    time = page.locator("#log time").first
    assert time.inner_text() == "09:35:06"
    assert time.get_attribute("title") == "3 May 2026, 09:35:06 GMT+5:30"
    assert page.get_by_text("Times are UTC").is_hidden()
