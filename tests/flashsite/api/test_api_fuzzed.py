"""schemathesis over the whole API: whatever it sends, the answer is one that the description promises."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.models import Job, JobEvent
from modelstore import api_keys
from modelstore.models import Scope
from tests.jobs.conftest import make_dataset, make_job  # noqa: F401  # fixtures
from tests.modelstore.conftest import Publish, publish  # noqa: F401  # fixtures

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_SECONDS = 45
# One seed for all, that a change is judged and not the dice; others are for whoever looks for more.
_SEED = os.environ.get("FUZZ_SEED", "1")
# Which bytes are a zip of pictures, and which model goes with which task, is not said in a schema: what fits one may
# be refused all the same; nor that only pictures come back in a zip; and what S3 sends is for S3 to say. All else that
# fits its schema must be taken.
_CONFIG = """
continue-on-failure = true

[checks]
positive_data_acceptance.expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]
negative_data_rejection.expected-statuses = [
    "400", "401", "403", "404", "405", "406", "409", "410", "411", "413", "415", "422", "428", "429", "5xx"
]

[[operations]]
include-operation-id = [
    "check", "train", "predict", "quote", "batch_predict", "batch_results", "evaluate", "begin_upload",
    "complete_upload", "send_piece", "must_pass_add"
]
checks.positive_data_acceptance.enabled = false

[[operations]]
include-operation-id = ["storage_event"]
checks.positive_data_acceptance.enabled = false
checks.negative_data_rejection.enabled = false
"""


@pytest.fixture
def token(make_job: Callable[..., Job], publish: Publish) -> str:  # noqa: F811
    """Opens a job with a log, and the model that it became."""
    job = make_job(status="deployed", accuracy=0.9)
    # Pinned: who holds the token may delete a model, and the rest of the run would try nothing.
    job.model = publish("text", token=job.token, pinned=True)
    job.save()
    JobEvent.objects.create(job=job, kind="log", message="hello")
    return job.token


def test_no_answer_is_other_than_described(live_server: Any, token: str, tmp_path: Path) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(_CONFIG)
    _, secret = api_keys.create(name="fuzz", scopes=Scope.values)
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(config), "run",
        f"{live_server.url}/api/v1/schema/?format=json", "--header", f"Authorization: Bearer {secret}",
        "--max-time", str(_SECONDS), "--max-examples", "25", "--no-color",
        "--request-timeout", "20", "--generation-database", "none", "--seed", _SEED,
    ]  # fmt: skip
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "fuzz_hooks",
        "PYTHONPATH": str(Path(__file__).parent),
        "FLASH_FUZZ_TOKEN": token,
    }
    run = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=_SECONDS + 60
    )
    assert run.returncode == 0, f"{run.stdout[-15_000:]}\n{run.stderr[-3000:]}"
    counts = re.search(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)", run.stdout)
    assert counts is not None and len(set(counts.groups())) == 1, run.stdout[-3000:]
