"""After the storm: everything is waited for and asked once more, and what is left over is counted.

It knows nothing of the product's own sweeps: what it takes for an orphan is by its own lists.
"""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psutil
from django.core.management import call_command
from django.utils import timezone

from jobs.models import BatchPrediction, Checkpoint, Dataset, Job, UploadSession
from jobs.states import ACTIVE, BATCHES
from modelstore.models import ModelVersion, TrainedModel
from tests.chaos import models
from tests.chaos.client import Client, until_answered
from tests.chaos.ledger import ENDED, Ledger, Training
from tests.chaos.site import Site, descendants, wait_until, words

_STUCK_SECONDS, _GONE_SECONDS = 300.0, 20.0
_AGE = timedelta(days=2)
# Why a job may end without a model: its owner said so, or its processes were killed every time.
_REASONS = ("Training was tried",)
_OURS = "Something went wrong on our side"
# What belongs to the site as a whole.
_OWN = (
    "redis/",
    "static/",
    "flash.sqlite3",
    "secret_key",
    "up.lock",
    "reserve",
    "media/demo/",
    "cache/",
    "weights/",
)


def settle(ledger: Ledger) -> None:
    """Waits until no job and no batch is under way; what moves no more for long before that, is lost."""
    before: list[str] = []
    while (now := _under_way()) and now != before:
        before = now
        wait_until(lambda before=before: _under_way() != before, _STUCK_SECONDS, pause=1.0)  # type: ignore[misc]
    for row in now:
        ledger.blame("lost", row)


def _under_way() -> list[str]:
    jobs = Job.objects.filter(status__in=ACTIVE)
    batches = BatchPrediction.objects.filter(status__in=BATCHES.active)
    return [
        *(
            f"job row {job.pk} is still {job.status} (attempt {job.attempt}, fence {job.fence})"
            for job in jobs
        ),
        *(f"batch row {batch.pk} is still {batch.status}" for batch in batches),
    ]


def check_promises(client: Client, ledger: Ledger) -> None:
    """Every token once more: jobs, their models, their batches."""
    for training in ledger.known():
        until_answered(lambda training=training: client.ask("GET", f"/jobs/{training.token}/"))  # type: ignore[misc]
        models.look(client, ledger, training)
        ledger.count(f"jobs {training.status}")
        _check_end(ledger, training)
        _check_model(client, ledger, training)
    for batch in list(ledger.batches):
        models.look_at_batch(client, ledger, batch)
        ledger.count(f"batches {batch.status if not batch.training.gone_for else 'of models that are gone'}")
        if batch.cancel_promised and batch.status == "done":
            ledger.blame("wrong", "a batch whose cancelling was promised is done")
    rows = Job.objects.exclude(idempotency_key=None).count()
    given_up = ledger.counts["given up without an answer"] + ledger.counts["datasets gone before their job"]
    if not len(ledger.known()) <= rows <= len(ledger.known()) + given_up:
        ledger.blame("wrong", f"{len(ledger.known())} jobs were answered and there are {rows}")


def _check_end(ledger: Ledger, training: Training) -> None:
    name = f"job {training.index}"
    if training.status not in ENDED:
        ledger.blame("lost", f"{name} is {training.status}")
    if training.status == "failed" and (_OURS in training.error or not training.error.startswith(_REASONS)):
        ledger.blame("lost", f"{name} failed: {training.error!r}")
    if training.cancel_promised and training.status == "deployed":
        ledger.blame("wrong", f"{name} is deployed although its cancelling was promised")
    if training.status == "cancelled" and not training.cancel_asked:
        ledger.blame("lost", f"{name} is cancelled, and nobody asked for that")


def _check_model(client: Client, ledger: Ledger, training: Training) -> None:
    if training.gone_since:
        answer = until_answered(lambda: client.ask("GET", f"/api/v1/models/{training.token}/"))
        if answer.status != 410:
            ledger.blame(
                "wrong", f"model {training.index} is {training.gone_for} and answered {answer.status}"
            )
    elif training.status == "deployed" and not training.gone_for:
        if not training.has_model:
            ledger.blame("lost", f"job {training.index} is deployed and has no model")
            return
        # Loaded anew, and answered by what is stored: nothing of an earlier answer counts.
        training.reference = None
        models.fetch_reference(client, ledger, training)
        inputs = models.inputs_of(training.task, 6, training.index)
        began = time.monotonic()
        answer = until_answered(lambda: models.predict(client, training, inputs))
        models.check_prediction(ledger, training, inputs, answer, began)


def let_time_pass(var: Path) -> None:
    """Everything becomes old, in rows and on the disk, and the periodic tasks come by."""
    past = timezone.now() - _AGE
    Dataset.objects.update(created=past)
    UploadSession.objects.update(touched=past)
    for folder in ("media", "tmp", "runs"):
        for path in _files(var / folder):
            os.utime(path, (past.timestamp(),) * 2)
    for name in ("tick", "prune_models", "sweep_storage", "tick"):
        call_command(name, verbosity=0, stdout=io.StringIO())


def count_files(var: Path, ledger: Ledger) -> None:
    """Files below `var` that nothing refers to."""
    named = _named()
    for path in _files(var):
        name = path.relative_to(var).as_posix()
        if not name.startswith(_OWN) and name not in named and f"{name.rpartition('/')[0]}/" not in named:
            ledger.blame("orphans", f"file {name}")


def _named() -> set[str]:
    """Files that rows name, and folders, which end with a slash."""
    files = [
        *Dataset.objects.values_list("file", flat=True),
        *BatchPrediction.objects.exclude(file="").values_list("file", flat=True),
        *Checkpoint.objects.values_list("key", flat=True),
    ]
    folders = [
        *TrainedModel.objects.values_list("storage_prefix", flat=True),
        *ModelVersion.objects.values_list("storage_prefix", flat=True),
        *BatchPrediction.objects.exclude(results_prefix="").values_list("results_prefix", flat=True),
    ]
    pieces = UploadSession.objects.values_list("key", flat=True)
    return {
        *(f"media/{name}" for name in files),
        *(f"media/{name.strip('/')}/" for name in folders),
        *(f"tmp/sessions/{key}" for key in pieces),
    }


def count_processes(site: Site, ledger: Ledger) -> None:
    """Whatever came of this site and still lives after it was stopped; call it then."""
    wait_until(lambda: not descendants(), _GONE_SECONDS)
    for process in descendants():
        ledger.blame("orphans", f"process {' '.join(words(process))[-120:]}")
        _end(process)
    memory = metrics_folder(site)
    if memory.exists():
        ledger.blame("orphans", f"folder {memory}")


def count_strays(ledger: Ledger) -> None:
    """Processes that nobody of the running site started, although nothing is under way."""
    wait_until(lambda: not _strays(), _GONE_SECONDS)
    for line in _strays():
        ledger.blame("orphans", f"process without its parent: {line[-120:]}")


def _strays() -> list[str]:
    lines = []
    for process in psutil.Process().children():
        line = " ".join(words(process))
        if line and "manage.py" not in line and "flashsite.supervisor" not in line:
            lines.append(line)
    return lines


def metrics_folder(site: Site) -> Path:
    """Where the web of this site counts (flashsite.supervisor.shared_metrics)."""
    name = hashlib.sha256(f"{site.var}\0127.0.0.1:{site.port}".encode()).hexdigest()[:16]
    return Path(f"/dev/shm/flash-metrics-{os.getuid()}-{name}")


def _end(process: psutil.Process) -> None:
    with suppress(psutil.Error):
        process.kill()


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        for name in names:
            yield Path(root) / name
