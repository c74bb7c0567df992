"""What people call a task or a class goes in by every way, and out as words everywhere."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from jobs.batches.child.items import Item, Source
from jobs.batches.child.tables import write_xlsx
from jobs.models import Dataset, Job, Notice
from jobs.notices import notifications
from jobs.states import JobStatus
from modelstore.ground import naming
from tests.jobs.web.test_api import post_job, problem
from tests.names import GOOD_NAMES, NASTY_NAMES
from tests.site.page import Page

pytestmark = pytest.mark.django_db
NAMES = [*GOOD_NAMES, *NASTY_NAMES]
BAD_NAMES = ["two\nlines", "a\u202eb", "x" * 101, "\u200b", "bell\x07"]


@pytest.mark.parametrize("name", NAMES)
def test_the_api_takes_it(client: Client, name: str) -> None:
    assert post_job(client, task_name=name).json()["task_name"] == name


@pytest.mark.parametrize("name", [*BAD_NAMES, "nul\0"])
def test_the_api_refuses_what_its_pattern_refuses(client: Client, name: str) -> None:
    errors = problem(post_job(client, task_name=name), 400)["errors"]
    assert errors == {"task_name": [naming.problem(name)]}


def test_the_schema_publishes_what_is_enforced(client: Client) -> None:
    parts = client.get("/api/v1/schema/?format=json").json()["components"]["schemas"]
    published = [part["properties"]["task_name"] for name, part in parts.items() if name.startswith("Submit")]
    assert len(published) >= 2
    for field in published:
        assert (field["maxLength"], field["description"]) == (naming.MAX_LENGTH, naming.RULE)
        assert all(re.search(field["pattern"], name) for name in NAMES)
        assert not any(re.search(field["pattern"], name) for name in BAD_NAMES if len(name) <= 100)


@pytest.mark.parametrize("name", NAMES)
def test_the_site_takes_it_and_shows_it_as_words(
    client: Client, make_dataset: Callable[..., Dataset], name: str
) -> None:
    answer = client.post(reverse("dataset", args=[make_dataset().token]), {"task_name": name})
    job = Job.objects.get()
    assert (answer.status_code, job.task_name) == (302, name)
    page = Page(client.get(answer["Location"]).content.decode())
    assert " ".join(name.split()) in page.text
    assert page.rule_breaks() == []


@pytest.mark.parametrize("name", [*BAD_NAMES, "nul\0"])
def test_the_site_refuses_it_with_one_sentence(
    client: Client, make_dataset: Callable[..., Dataset], name: str
) -> None:
    answer = client.post(reverse("dataset", args=[make_dataset().token]), {"task_name": name})
    assert answer.context["form"].errors["task_name"] == [naming.problem(name)]
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_takes_it_and_lists_it(tmp_path: Path, name: str) -> None:
    table = tmp_path / "a.csv"
    table.write_text("text,label\n" + "".join(f"word {n},{'ab'[n % 2]}\n" for n in range(8)))
    call_command("train", str(table), "--no-wait", f"--name={name}", stdout=StringIO())
    assert Job.objects.get().task_name == name
    call_command("jobs", stdout=(out := StringIO()))
    assert name in out.getvalue()


def test_the_command_line_takes_the_name_of_the_file(tmp_path: Path) -> None:
    table = tmp_path / "Ha\u0308user & Kätzchen_1.csv"
    table.write_text("text,label\n" + "".join(f"word {n},{'ab'[n % 2]}\n" for n in range(8)))
    call_command("train", str(table), "--no-wait", stdout=StringIO())
    assert Job.objects.get().task_name == "Häuser & Kätzchen 1"
    with pytest.raises(CommandError, match="--task-name: Leave out line breaks"):
        call_command("train", str(table), "--no-wait", "--name", "two\nlines")


@pytest.mark.parametrize("name", NAMES)
def test_the_admin_shows_it_as_words(client: Client, make_job: Callable[..., Job], name: str) -> None:
    client.force_login(User.objects.create_superuser("operator"))
    make_job(task_name=name, status=JobStatus.TRAINING)
    for address in ("admin:jobs_job_changelist", "admin:index"):
        answer = client.get(reverse(address))
        assert answer.status_code == 200
        assert b"<script>alert(1)" not in answer.content and b"</title><b>" not in answer.content
    assert (
        " ".join(name.split()) in Page(client.get(reverse("admin:jobs_job_changelist")).content.decode()).text
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_has_it_in_one_header(make_job: Callable[..., Job], settings: Any, name: str) -> None:
    settings.EMAIL_HOST = "localhost"
    job = make_job(task_name=name, status=JobStatus.FAILED, error="It crashed.")
    notice = Notice.objects.create(
        job=job, kind=Notice.Kind.EMAIL, target="a@example.org", site="http://testserver/", delivery=uuid4()
    )
    notifications._send(notice)
    message = mail.outbox[0].message()
    assert mail.outbox[0].subject.startswith(naming.for_mail(name))
    assert not re.search(r"[./@<>]", naming.for_mail(name))
    assert message.get_all("To") == ["a@example.org"] and "Bcc" not in message


@pytest.mark.parametrize("label", NAMES)
def test_a_class_may_be_called_so(client: Client, label: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(
        [("input", "label"), *((f"word {n}", label if n % 2 else "other") for n in range(12))]
    )
    upload = SimpleUploadedFile("a.csv", buffer.getvalue().encode(), "text/csv")
    answer = client.post("/api/v1/datasets/", {"dataset": upload, "task_type": "textclassification"})
    if "../" in label:
        assert problem(answer, 422)["code"] == "label_invalid"
        return
    labels = [entry["label"] for entry in answer.json()["classes"]]
    assert sorted(labels) == sorted([label, "other"])
    page = Page(client.get(reverse("dataset", args=[answer.json()["token"]])).content.decode())
    assert " ".join(label.split()) in page.text and page.rule_breaks() == []


@pytest.mark.parametrize("label", NAMES)
def test_a_spreadsheet_runs_no_label(tmp_path: Path, label: str) -> None:
    results, target = tmp_path / "a.jsonl", tmp_path / "a.xlsx"
    results.write_text(json.dumps({"file": label, "top": [{"label": label, "probability": 1.0}]}) + "\n")
    write_xlsx(_Files(), results, target, 1, [label])
    with zipfile.ZipFile(target) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and 't="inlineStr"' in sheet
    (_, row) = CalamineWorkbook.from_path(target).get_sheet_by_name("Results").to_python()
    assert row[:2] == [label, label]


class _Files(Source):
    columns = ("file",)
    total = 1

    def items(self, start: int) -> Iterator[Item]:
        raise NotImplementedError
