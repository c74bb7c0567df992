"""The storm itself: the same seed makes the same plan, every step of it can be done, and it sees what is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.models import Dataset
from tests.chaos import audit, models, plan, samples
from tests.chaos.client import Answer, Client
from tests.chaos.faults import Faults
from tests.chaos.ledger import Ledger, Training
from tests.chaos.reference import difference
from tests.chaos.work import Work


def test_the_same_seed_makes_the_same_plan() -> None:
    steps = plan.make(seed=3, minutes=5)
    assert steps == plan.make(seed=3, minutes=5)
    assert plan.digest(steps) != plan.digest(plan.make(seed=4, minutes=5))
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert sum(step.is_fault for step in steps) > 10
    # A longer run begins like a shorter one.
    longer = [step for step in plan.make(seed=3, minutes=10) if step.at < 300]
    assert longer == steps


def test_every_step_can_be_done() -> None:
    assert all(callable(getattr(Work, name)) for name in plan.WORK)
    assert all(callable(getattr(Faults, name)) for name in plan.FAULTS)


def test_no_two_jobs_share_a_class() -> None:
    seen = [samples.labels(task, index) for task in (samples.TEXT, samples.PICTURES) for index in range(20)]
    names = [label for labels in seen for label in labels]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"rain1": 0.9, "soup1": 0.1}, ""),
        ({"rain1": 0.8, "soup1": 0.2}, "by the bundle"),
        ({"rain2": 0.9, "soup2": 0.1}, "its classes"),
    ],
)
def test_a_wrong_answer_is_seen(told: dict[str, float], found: str) -> None:
    assert found in (reason := difference(told, {"rain1": 0.9, "soup1": 0.1}))
    assert bool(found) == bool(reason)


def test_an_answer_of_another_model_and_one_that_is_none_are_blamed() -> None:
    ledger = Ledger()
    mine = Training(index=4, task=samples.TEXT, fields={}, key="", token="mine", status="deployed")
    other = b'{"predictions": [{"top": [{"label": "food7", "probability": 1.0}]}]}'
    models.check_prediction(ledger, mine, ["soup"], Answer(200, {}, other), 0.0)
    models.check_prediction(ledger, mine, ["soup"], Answer(404, {}, b'{"code": "model_not_found"}'), 0.0)
    models.check_prediction(ledger, mine, ["soup"], Answer(0), 0.0)
    assert len(ledger.findings["wrong"]) == 2


@pytest.mark.parametrize(
    ("answer", "blamed"),
    [
        (Answer(500, {}, b"<h1>Server Error (500)</h1>"), True),
        (Answer(503, {}, b'{"code": "model_damaged", "detail": "Its files are damaged."}'), True),
        (Answer(503, {}, b'{"code": "busy", "detail": "Try again in a second."}'), False),
        (Answer(404, {}, b"{}"), False),
    ],
)
def test_only_an_honest_503_is_let_pass(answer: Answer, blamed: bool) -> None:
    ledger = Ledger()
    Client(0, ledger)._check("GET", "/api/v1/jobs/x/", answer)
    assert bool(ledger.findings["wrong"]) == blamed


@pytest.mark.django_db
def test_a_file_that_no_row_names_is_seen(
    tmp_path: Path, settings: Any, dataset: Callable[[], Dataset]
) -> None:
    named = dataset()
    for name in (
        "tmp/upload-x/upload",
        "runs/3/1/data",
        "media/jobs/3/1/model.onnx",
        "flash.sqlite3",
        "redis/x",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    ledger = Ledger()
    audit.count_files(tmp_path, ledger)
    assert sorted(ledger.findings["orphans"]) == [
        "file media/jobs/3/1/model.onnx",
        "file runs/3/1/data",
        "file tmp/upload-x/upload",
    ]
    named.delete()
    audit.count_files(tmp_path, ledger)
    assert len(ledger.findings["orphans"]) == 4


@pytest.fixture
def dataset() -> Callable[[], Dataset]:
    """A dataset with its file in storage."""
    from django.core.files.base import ContentFile

    def make() -> Dataset:
        row = Dataset(
            token_digest="d", task_type=samples.TEXT, name="a", size_bytes=1, sha256="", sample_count=1,
            classes=[],
        )  # fmt: skip
        row.file.save("t.csv", ContentFile(b"x"), save=True)
        return row

    return make
