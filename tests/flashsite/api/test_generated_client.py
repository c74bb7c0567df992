"""A client that a generator makes of the description: it imports, and it speaks with a running site."""

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TABLE = "text,label\n" + "".join(f"it is {word} {n},{word}\n" for n in range(6) for word in ("good", "bad"))


@pytest.fixture
def generated(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package that openapi-python-client writes."""
    description = tmp_path / "schema.json"
    description.write_bytes(client.get("/api/v1/schema/?format=json").content)
    options = tmp_path / "options.yml"
    options.write_text("post_hooks: []\n")
    command = [Path(sys.executable).with_name("openapi-python-client"), "generate", "--meta", "none"]
    paths = ["--path", description, "--output-path", tmp_path / "flash_api", "--config", options]
    subprocess.run([*command, *paths], check=True, capture_output=True)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("flash_api")
    for name in [name for name in sys.modules if name.split(".")[0] == "flash_api"]:
        del sys.modules[name]


def test_it_speaks_with_the_site(generated: Any, live_server: Any) -> None:
    with generated.Client(base_url=live_server.url) as client:
        trained(client)


def trained(client: Any) -> None:
    """The way from a table to a job that waits."""

    def call(name: str, **fields: Any) -> Any:
        return importlib.import_module(f"flash_api.api.{name}").sync_detailed(client=client, **fields)

    models, types = (importlib.import_module(f"flash_api.{name}") for name in ("models", "types"))
    assert call("platform.status").parsed.queued == 0
    upload = types.File(payload=TABLE.encode(), file_name="moods.csv", mime_type="text/csv")
    body = models.DatasetCheckRequest(dataset=upload, task_type=models.TaskType.TEXTCLASSIFICATION)
    checked = call("train.check", body=body)
    assert checked.status_code == 201, checked.content
    assert checked.parsed.sample_count == 12
    body = models.SubmitCheckedRequest(task_name="moods", dataset_token=checked.parsed.token)
    sent = call("train.train", body=body)
    assert sent.parsed.status == "queued", sent.content
    assert call("train.job", token=sent.parsed.token).parsed.task_name == "moods"
    unknown = call("models.model", token="x" * 22)
    assert unknown.status_code == 404 and unknown.parsed.code == "model_not_found"
