"""Predictions, downloads and batches against what the model's own bundle says."""

import json
import time
import zipfile
from collections.abc import Sequence
from random import Random
from typing import Any

from tests.chaos import samples
from tests.chaos.client import Answer, Client, until_answered
from tests.chaos.ledger import ENDED, Batch, Ledger, Training
from tests.chaos.reference import Reference, difference
from training.bundle.manifest import BundleDamaged

# A process looks a model's row up again after two seconds (FLASH_MODEL_ROW_SECONDS).
_ROW_SECONDS = 4.0
_ALL = 5
# How a batch may fail: it was killed too often, or its model went.
_BATCH_REASONS = ("It was tried", "The model has expired")


def inputs_of(task: str, count: int, number: int) -> list[Any]:
    make = samples.sentences if task == samples.TEXT else samples.pictures
    return list(make(count, Random(number)))


def predict(client: Client, training: Training, inputs: Sequence[Any]) -> Answer:
    path = f"/api/v1/models/{training.token}/predict/"
    if training.task == samples.TEXT:
        return client.post_json(path, {"inputs": list(inputs), "top_k": _ALL})
    files = [("image", f"{place}.png", content) for place, content in enumerate(inputs)]
    return client.form(path, {"top_k": str(_ALL)}, files)


def check_prediction(
    ledger: Ledger, training: Training, inputs: Sequence[Any], answer: Answer, began: float
) -> None:
    """Blames whatever is wrong about an answer to `predict` that was asked for at `began`."""
    name = f"model {training.index}"
    if answer.is_later:
        ledger.count("predictions to be repeated")
    elif answer.status == 200:
        if training.gone_since and began - training.gone_since > _ROW_SECONDS:
            ledger.blame("wrong", f"{name} answers although it is {training.gone_for}")
        ledger.count("predictions", len(inputs))
        _compare(ledger, training, inputs, answer.json["predictions"], began)
    elif not _is_gone(training, answer):
        ledger.blame("wrong", f"a prediction of {name} answered {answer.status} {answer.code}")


def _is_gone(training: Training, answer: Answer) -> bool:
    """A cancelled job may never have had a model; any other that went answers 410."""
    codes = (404, 410) if training.gone_for == "cancelled" else (410,)
    return bool(training.gone_for) and answer.status in codes


def _compare(
    ledger: Ledger, training: Training, inputs: Sequence[Any], told: list[dict[str, Any]], began: float
) -> None:
    if len(told) != len(inputs):
        ledger.blame("wrong", f"model {training.index} gave {len(told)} answers to {len(inputs)} inputs")
        return
    shares = [shares_of(entry) for entry in told]
    # A first model may still be replaced; its classes are the same.
    settled = training.deployed_since and began - training.deployed_since > _ROW_SECONDS
    right = training.reference.answers(inputs) if settled and training.reference else None
    for place, mine in enumerate(shares):
        if set(mine) != set(training.labels):
            ledger.blame("wrong", f"model {training.index} of {training.labels} answered {sorted(mine)}")
        elif right is not None and (reason := difference(mine, right[place])):
            ledger.blame("wrong", f"model {training.index}: {reason}")


def shares_of(entry: dict[str, Any]) -> dict[str, float]:
    return {top["label"]: float(top["probability"]) for top in entry["top"]}


def fetch_reference(client: Client, ledger: Ledger, training: Training) -> bool:
    """Takes the bundle of a deployed model as the truth; False when it could not be had now."""
    with training.lock:
        if training.reference is not None:
            return True
        answer = client.ask("GET", f"/api/v1/models/{training.token}/download/?format=bundle")
        if answer.status != 200:
            if not answer.is_later and not _is_gone(training, answer):
                ledger.blame(
                    "wrong", f"the bundle of model {training.index} answered {answer.status} {answer.code}"
                )
            return False
        if (reference := read_bundle(ledger, training, answer)) is None:
            return False
        training.reference = reference
        if set(reference.classes) != set(training.labels):
            ledger.blame("wrong", f"the bundle of model {training.index} has the classes {reference.classes}")
        return True


def read_bundle(ledger: Ledger, training: Training, answer: Answer) -> Reference | None:
    try:
        return Reference(answer.body)
    except (zipfile.BadZipFile, BundleDamaged, ValueError, KeyError) as error:
        ledger.blame("wrong", f"the downloaded bundle of model {training.index} is damaged: {error}")
        return None


def look(client: Client, ledger: Ledger, training: Training) -> None:
    """Asks for the job; blames a token that is no longer known and an end that is none."""
    answer = client.ask("GET", f"/api/v1/jobs/{training.token}/")
    if answer.is_later:
        return
    if answer.status != 200:
        ledger.blame("lost", f"job {training.index} answered {answer.status} {answer.code}")
        return
    job = answer.json
    with training.lock:
        if training.status in ENDED and job["status"] != training.status:
            ledger.blame("wrong", f"job {training.index} was {training.status} and is {job['status']}")
        if job["status"] == "deployed" and training.status != "deployed":
            training.deployed_since = time.monotonic()
        training.status = job["status"]
        training.error = job["error"] or ""
        training.has_model = bool(job["model_url"])


def send_batch(client: Client, batch: Batch) -> Answer:
    path = f"/api/v1/models/{batch.training.token}/batches/"
    name = "all.csv" if batch.training.task == samples.TEXT else "all.zip"
    files = [("file", name, batch.body)]
    return until_answered(lambda: client.form(path, {}, files, {"Idempotency-Key": batch.key}))


def look_at_batch(client: Client, ledger: Ledger, batch: Batch) -> None:
    place = f"/api/v1/models/{batch.training.token}/batches/{batch.token}/"
    answer = client.ask("GET", place)
    if answer.is_later or _is_gone(batch.training, answer):
        return
    if answer.status != 200:
        ledger.blame(
            "lost", f"a batch of model {batch.training.index} answered {answer.status} {answer.code}"
        )
        return
    document = answer.json
    status = document["status"]
    if batch.status in ENDED and status != batch.status:
        ledger.blame("wrong", f"a batch was {batch.status} and is {status}")
    first_time = status == "done" and batch.status != "done"
    batch.status = status
    if status == "failed" and not document["error"].startswith(_BATCH_REASONS):
        ledger.blame("lost", f"a batch failed: {document['error']!r}")
    if first_time and not _check_results(client, ledger, batch, f"{place}results/?format=jsonl"):
        batch.status = "running"


def _check_results(client: Client, ledger: Ledger, batch: Batch, path: str) -> bool:
    """False when they could not be had now."""
    answer = client.ask("GET", path)
    if answer.is_later or batch.training.reference is None:
        return False
    if _is_gone(batch.training, answer):
        return True
    if answer.status != 200:
        ledger.blame("lost", f"the results of a batch answered {answer.status} {answer.code}")
        return True
    lines = [json.loads(line) for line in answer.body.decode().splitlines()]
    right = batch.training.reference.answers(batch.inputs)
    ledger.count("batch results", len(lines))
    if len(lines) != len(right):
        ledger.blame("wrong", f"a batch of {len(right)} has {len(lines)} results")
        return True
    bad = [
        f"{place} {line.get('text') or line.get('file')!r}: {line.get('error') or reason}"
        for place, (line, expected) in enumerate(zip(lines, right, strict=True))
        if "error" in line or (reason := difference(shares_of(line), expected))
    ]
    if bad:
        name = f"a batch of model {batch.training.index}"
        ledger.blame("wrong", f"{len(bad)} of {len(lines)} results of {name} are wrong; {bad[0]}; {bad[-1]}")
    return True
