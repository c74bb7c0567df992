"""A database of the version before, filled, upgraded and looked at; a program, for its settings are another site's.

`python -m tests.jobs.token_upgrade` with DJANGO_SETTINGS_MODULE, FLASH_VAR_DIR and DATABASE_URL; 0: all holds.
"""

import uuid
from datetime import timedelta
from typing import Any

import django
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("jobs", "0024_dataset_seen"), ("modelstore", "0013_deletions_counted")]
MANY = 3000
TEXT = "textclassification"


def main() -> None:
    django.setup()
    _migrate([node for node in _leaves() if node[0] not in ("jobs", "modelstore")] + BEFORE)
    told = _fill(MigrationExecutor(connection).loader.project_state(BEFORE).apps)
    _migrate(_leaves())
    _look(told)
    try:
        _migrate(BEFORE)
    except IrreversibleError:
        return
    raise SystemExit("There is no way back, and it should be said.")


def _leaves() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def _migrate(targets: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(targets)


def _fill(apps: Any) -> dict[str, Any]:
    """Rows as the version before wrote them; answers the tokens that people have."""
    from django.utils import timezone

    from modelstore.ground.tokens import digest, new_token
    from training.ground.recipe import resolve

    def table(name: str) -> Any:
        return apps.get_model(*name.split(".")).objects

    def token(**more: Any) -> dict[str, Any]:
        made = new_token()
        return {"token": made, "token_digest": digest(made), **more}

    config = resolve(TEXT, {"preset": "quick"}).to_json()
    common = {"task_type": TEXT, "task_name": "moods", "model_name": "bag_of_ngrams", "config": config}
    key = table("modelstore.ApiKey").create(
        name="nightly", start="flash_x", digest=digest("flash_secret"), scopes=["read"]
    )
    dataset = table("jobs.Dataset").create(
        **token(task_type=TEXT, name="a.csv", size_bytes=1, sha256="0", sample_count=20, classes=[]),
        file="datasets/x",
    )  # fmt: skip
    model = table("modelstore.TrainedModel").create(
        **token(task_type=TEXT, task_name="moods", model_name="bag_of_ngrams", classes=["a", "b"]), accuracy=0.5,
        accuracy_low=0.4, accuracy_high=0.6, report={}, manifest={}, storage_prefix="jobs/1/1", size_bytes=1,
        pinned=True,
    )  # fmt: skip
    # Its job has the token of the model.
    whole = table("jobs.Job").create(
        token=model.token, token_digest=model.token_digest, **common, status="deployed", model=model, dataset=dataset,
        api_key=key, idempotency_key=digest("the request"), progress=1, finished=timezone.now(),
    )  # fmt: skip
    told = {
        "verdict": "kept_earlier",
        "words": "The earlier model stays.",
        "samples": 20,
        "before": 0.9,
        "after": 0.8,
    }
    later = table("jobs.Job").create(
        **token(),
        **common,
        status="deployed",
        comparison=told | {"token": model.token},
        finished=timezone.now(),
    )
    waiting = table("jobs.Job").create(**token(), **common, continues=model)
    table("jobs.Notice").create(job=waiting, kind="email", target="ada@example.org", delivery=uuid.uuid4())
    batch = table("jobs.BatchPrediction").create(
        **token(),
        model=model,
        kind="sentences",
        name="b.csv",
        size_bytes=1,
        idempotency_key=digest("the batch"),
    )
    upload = table("jobs.UploadSession").create(
        **token(),
        task_type=TEXT,
        name="c.csv",
        size_bytes=1,
        method="offset",
        key="x",
        part_bytes=1,
        dataset=dataset,
    )
    rows = [
        apps.get_model("jobs", "Job")(
            **token(), **common, dataset=dataset, status="failed", error="x",
            idempotency_key=digest(f"request {number}"), created=timezone.now() - timedelta(days=2),
        )
        for number in range(MANY)
    ]  # fmt: skip
    table("jobs.Job").bulk_create(rows, batch_size=500)
    named = {
        "dataset": dataset,
        "model": model,
        "later": later,
        "waiting": waiting,
        "batch": batch,
        "upload": upload,
    }
    return {name: row.token for name, row in named.items()} | {
        "many": [row.token for row in rows],
        "job": whole.pk,
    }


def _look(told: dict[str, Any]) -> None:
    from django.test import Client

    from jobs import access
    from jobs.batches.access import get_batch
    from jobs.models import BatchPrediction, Job, Notice
    from jobs.resumable import upload_sessions
    from modelstore.access import get_model
    from modelstore.ground import sealing
    from tests.jobs import stored_words

    words = [text for _, text in stored_words.values()]
    left = stored_words.files()
    for token in (
        *told["many"][::100],
        *(told[name] for name in ("dataset", "model", "later", "waiting", "upload")),
    ):
        assert not any(token in text for text in words)
        assert token.encode() not in left, "nor in what the file of the database has let go"
    assert not stored_words.working_tokens()

    job = access.get_job(told["model"])
    assert (job.pk, job.dataset_token) == (told["job"], told["dataset"])
    assert get_model(told["model"]).job == job
    assert access.get_job(told["many"][-1]).dataset_token == told["dataset"]
    assert access.get_dataset(told["dataset"]).name == "a.csv"
    assert get_batch(told["model"], told["batch"]).name == "b.csv"
    assert upload_sessions.complete(upload_sessions.get(told["upload"])).token == told["dataset"]
    for token in (told["later"], told["waiting"]):
        job = access.get_job(token)
        assert sealing.unseal(job.sealed_continued, sealing.key_of_token(token)) == told["model"]
    comparison = access.get_job(told["later"]).told_comparison
    assert comparison is not None
    assert (comparison["token"], comparison["before"]) == (told["model"], 0.9)
    # What was sent before the upgrade is repeated after it.
    from modelstore.ground.tokens import digest

    for row, request, token in (
        (Job.repeated(digest("the request")), "the request", told["model"]),
        (Job.repeated(digest(f"request {MANY - 1}")), "the last", told["many"][-1]),
        (BatchPrediction.repeated(digest("the batch")), "the batch", told["batch"]),
    ):
        assert row is not None and row.token == token, request
    assert sealing.unseal(Notice.objects.get().sealed_token, sealing.site_key()) == told["waiting"]
    answer = Client(headers={"host": "localhost"}).get(
        "/api/v1/jobs/", headers={"Authorization": "Bearer flash_secret"}
    )
    assert [row["token"] for row in answer.json()["results"]] == [told["model"]], answer.content


if __name__ == "__main__":
    main()
