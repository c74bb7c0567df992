"""Batches whose upload and results lie in a bucket; and a whole upload or result is in no memory."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs.batches import downloads, lifecycle, runner, sweep
from jobs.batches.child.order import Order
from jobs.models import BatchPrediction
from jobs.states import BatchStatus
from jobs.worker import patience
from modelstore.bundles import store
from modelstore.lifetime.deletion_guard import Allowance
from tests.bundles import text_bundle
from tests.jobs.batches.conftest import colours
from tests.modelstore.conftest import s3, s3_address  # noqa: F401  # fixtures
from tests.storage_away import Away
from tests.tasks import Task
from training.ground.limits import MIB, Limits

Submit = Callable[..., BatchPrediction]


@pytest.mark.django_db
def test_a_batch_in_a_bucket_from_upload_to_expiry(
    s3: Any,  # noqa: F811
    submit: Submit,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def keys(part: str) -> list[str]:
        return [item.key for item in s3.objects.all() if part in item.key]

    batch = submit(colours(5))
    assert len(keys("batch-uploads/")) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert runner.run_next()
    assert keys("batch-uploads/") == []
    batch.refresh_from_db()
    assert (batch.status, batch.done) == ("done", 5), batch.error
    assert [key.rsplit("/", 1)[1] for key in keys("/batches/")] == [
        "results.csv",
        "results.jsonl",
        "results.xlsx",
        "sorted.zip",
    ]
    lines = b"".join(downloads.open_results(batch=batch, format="jsonl").stream).splitlines()
    assert [json.loads(line)["file"] for line in lines] == [f"{n:03}.png" for n in range(5)]
    assert batch.model is not None
    store.retire(model=batch.model)
    sweep.forget(Allowance(now=timezone.now()))
    assert keys("batch") == []


@pytest.mark.django_db
def test_a_lost_upload_fails_with_a_sentence(s3: Any, submit: Submit) -> None:  # noqa: F811
    batch = submit(colours())
    s3.objects.filter(Prefix="flash-files/batch-uploads").delete()
    assert runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.error) == ("failed", "The file is no longer here. Send it again.")


def peak_memory(folder: Path, rows: int) -> int:
    """The most memory, in bytes, that the child takes for a table of so many rows of 4 kB."""
    folder.mkdir()
    (folder / "table.csv").write_text("id,text\n" + f"7,great fun {'x' * 4_000}\n" * rows)
    order = Order(
        task=Task.TEXT,
        kind="sentences",
        upload=str(folder / "table.csv"),
        name="table.csv",
        bundle=str(text_bundle(folder / "bundle")),
        limits=Limits(),
    )
    order.write(folder)
    code = (
        "import sys; from pathlib import Path; from jobs.batches.child.__main__ import main; "
        "code = main([sys.argv[1]]); print(Path('/proc/self/status').read_text(), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert json.loads((folder / "summary.json").read_text())["counts"] == {"good": rows}
    return int(re.search(r"VmHWM:\s+(\d+) kB", done.stderr)[1]) * 1024  # type: ignore[index]


def test_neither_upload_nor_results_are_ever_in_memory_whole(tmp_path: Path) -> None:
    assert peak_memory(tmp_path / "large", 15_000) - peak_memory(tmp_path / "small", 1_000) < 25 * MIB


@pytest.mark.django_db
def test_what_was_discarded_twice_is_gone_once(finish: Submit) -> None:
    batch = finish(colours())
    again = BatchPrediction.objects.get(pk=batch.pk)
    lifecycle.discard(batch)
    lifecycle.discard(again)
    assert not BatchPrediction.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("where", "name"), [("local_cache", "folder_of"), ("files", "put")])
def test_a_batch_waits_for_a_storage_that_is_away(
    submit: Submit, monkeypatch: pytest.MonkeyPatch, where: str, name: str
) -> None:
    batch = submit(colours())
    place = getattr(runner, where)
    monkeypatch.setattr(patience, "_PAUSES", (0.01,))
    monkeypatch.setattr(place, name, Away(getattr(place, name), 2))
    assert runner.run_next()
    batch.refresh_from_db()
    assert (batch.status, batch.attempt, batch.error) == (BatchStatus.DONE, 1, "")
