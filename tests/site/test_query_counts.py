"""No page and no read of the API asks more of the database because there is more in it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.datasets.versions import recording
from jobs.models import Attempt, Job, JobEvent, Server
from jobs.resumable import upload_sessions
from modelstore import api_keys
from modelstore.models import TrainedModel
from tests.site.addresses import addresses, admin_addresses
from tests.site.batches import batch_row, done_batch
from tests.site.conftest import pictures_zip
from tests.site.kept_examples import add_findings, keep_examples
from tests.tasks import Task

pytestmark = pytest.mark.django_db
_MOST = 30
_MUST_BE_THERE = {
    "home", "job-live", "model", "model-examples", "model-camera", "dataset", "batch", "batch-new", "batch-live",
    "api:jobs", "api:models", "api:job-events", "api:batches", "api:upload", "admin:index", "admin:jobs_job change",
}  # fmt: skip


@pytest.fixture
def grow(make_job: Callable[..., Job], make_model: Callable[..., TrainedModel]) -> Callable[..., None]:
    """More jobs in every state with models, batches, tries, servers, and more epochs and lines in the one looked at."""

    def more(job: Job, count: int) -> None:
        for number in range(count):
            other = make_job(
                status=["queued", "failed", "training"][number % 3], error="It crashed at night."
            )
            made = make_model(job=make_job())
            for model in (made, TrainedModel.objects.earliest("pk")):
                batch_row(model)
            server = Server.objects.create(name=f"i-{other.pk}", driver="ec2", state="running")
            for one in (other, job):
                start = one.epochs.count() + 1
                one.epochs.create(
                    epoch=start, val_accuracy=0.5, train_loss=0.5, val_loss=0.4, train_accuracy=0.5
                )
                JobEvent.objects.create(job=one, kind="log", message="hello")
                Attempt.objects.create(job=one, server=server, fence=start, outcome="failed")

    return more


def test_queries_do_not_grow_with_the_rows(
    client: Client,
    admin_user: Any,
    grow: Callable[..., None],
    make_job: Callable[..., Job],
    make_model: Callable[..., TrainedModel],
    image_dataset: Any,
) -> None:
    job = make_job(status="training", phase="training", progress=0.2)
    model = add_findings(keep_examples(make_model()))
    upload = upload_sessions.begin(task_type=Task.TEXT, name="moods.csv", size=1000)
    tokens = {"job": job.token, "model": model.token, "dataset": image_dataset.token, "upload": upload.token}
    recording.begin(dataset=image_dataset)
    tokens["versions"] = image_dataset.versions_token
    tokens["batch"] = done_batch(model, "colours.zip", pictures_zip()).token
    _, key = api_keys.create(name="all", scopes=["operate"])
    client.force_login(admin_user)
    everything = {**addresses(tokens), **admin_addresses()}
    assert set(everything) >= _MUST_BE_THERE
    counts: dict[int, dict[str, int]] = {}
    for rows in (3, _MOST):
        grow(job, rows - len(counts) * 3)
        counts[rows] = {name: _queries(client, path, key) for name, path in everything.items()}
    few, many = counts.values()
    assert {name: (few[name], many[name]) for name in few if few[name] != many[name]} == {}
    assert {name: count for name, count in many.items() if count > _MOST} == {}


def _queries(client: Client, path: str, key: str) -> int:
    """Queries of the second request: the first one fills what a process asks once."""
    _get(client, path, key)
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        _get(client, path, key)
    return len(queries)


def _get(client: Client, path: str, key: str) -> None:
    answer = client.get(path, headers={"Authorization": f"Bearer {key}"} if path.startswith("/api/") else {})
    if answer.streaming:
        b"".join(answer.streaming_content)
    # 405: only POST; 409: not with this job.
    assert answer.status_code in (200, 302, 405, 409), (
        path,
        answer.status_code,
    )
