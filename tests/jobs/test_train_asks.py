"""manage.py train asks at a terminal what is open about the data."""

import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from jobs.models import Dataset, Job
from tests.site.test_reading_pages import OPEN

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "open.csv"
    path.write_bytes(OPEN.encode() if isinstance(OPEN, str) else OPEN)
    return str(path)


def train(table: str, monkeypatch: pytest.MonkeyPatch, *answers: str, options: tuple[str, ...] = ()) -> str:
    said: Iterator[str] = iter(answers)

    def answer(prompt: str) -> str:
        out.write(prompt)
        found = next(said, None)
        if found is None:
            raise EOFError
        return found

    out = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("builtins.input", answer)
    call_command("train", table, "--no-wait", *options, stdout=out)
    return out.getvalue()


def test_an_answer_goes_on(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = train(table, monkeypatch, "Branch")
    assert "Which column holds the class?" in out
    assert "1  " in out and "(as now)" in out
    assert Job.objects.get().dataset.options["label_column"] == "Branch"
    assert out.split()[-2] == "token"


def test_a_number_answers_and_what_is_none_is_asked_again(
    table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = train(table, monkeypatch, "the moon", "99", "1")
    assert out.count("That is none of them.") == 2
    assert Job.objects.get().dataset.options["label_column"]


def test_enter_takes_what_is_there(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    train(table, monkeypatch, "")
    job = Job.objects.get()
    assert job.dataset.options["label_column"] == job.dataset.findings["label_column"]


def test_without_an_answer_nothing_is_left(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="--label-column"):
        train(table, monkeypatch)
    assert not Dataset.objects.exists()


def test_programs_are_told_the_option(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="--accept-guesses"):
        train(table, monkeypatch, "Branch", options=("--json",))
    with pytest.raises(CommandError, match="--label-column"):
        call_command("train", table, "--no-wait", stdout=StringIO())
    assert not Dataset.objects.exists()
    train(table, monkeypatch, options=("--accept-guesses",))
    assert Job.objects.count() == 1
