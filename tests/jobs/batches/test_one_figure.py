"""One labelled file, one figure: on the page, over the API, from the command line, and by the program in the bundle."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client

from jobs.batches import runner
from modelstore.bundles.standalone_files import FOLDER, standalone_files
from modelstore.models import TrainedModel
from tests.bundles import picture
from tests.jobs.batches.conftest import zipped
from tests.jobs.batches.test_evaluations import MOODS, submit

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Make = Callable[..., TrainedModel]


def in_the_bundle(model: TrainedModel, folder: Path, data: Path) -> dict[str, Any]:
    """What evaluate.py --test tells, with the files that a user downloads."""
    shutil.copytree(default_storage.path(model.storage_prefix), folder)
    for name, opener in standalone_files(model, lambda name: (folder / name).open("rb")).items():
        (folder / name).parent.mkdir(exist_ok=True)
        with opener() as file:
            (folder / name).write_bytes(file.read())
    shutil.copy(FOLDER / "evaluate.py", folder)
    command = [sys.executable, str(folder / "evaluate.py"), str(data), "--test", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _pictures() -> bytes:
    files = {f"red/{n}.png": picture("red", size=(30 + n, 30)) for n in range(4)}
    files |= {f"blue/{n}.png": picture("blue", size=(30 + n, 30)) for n in range(3)}
    return zipped(files | {"blue/odd.png": picture("red", size=(50, 31)), "gold/1.png": picture("yellow")})


@pytest.mark.parametrize(
    ("kind", "name", "content", "right", "count"),
    [("text", "evening.csv", MOODS.encode(), 4, 5), ("image", "mine.zip", _pictures(), 7, 8)],
    ids=["sentences", "pictures"],
)
def test_all_ways_tell_the_same(
    client: Client,
    make_model: Make,
    tmp_path: Path,
    capsys: Any,
    kind: str,
    name: str,
    content: bytes,
    right: int,
    count: int,
) -> None:
    model, data = make_model(kind), tmp_path / name
    data.write_bytes(content)
    alone = in_the_bundle(model, tmp_path / "unpacked", data)
    batch = submit(model, content, name, accept_guesses=True)
    assert runner.run_next()
    address = f"models/{model.token}/evaluations/{batch.token}/"
    over_api = client.get(f"/api/v1/{address}").json()["evaluation"]
    page = " ".join(client.get(f"/{address}").content.decode().split())
    call_command("predict", model.token, "--measure", str(data), "--accept-guesses", "--json")
    by_command = json.loads(capsys.readouterr().out)
    value = right / count
    assert (alone["test_samples"], alone["test_accuracy"]) == (count, pytest.approx(value, abs=1e-6))
    assert over_api["score"]["value"] == by_command["score"]["value"] == pytest.approx(value, abs=1e-6)
    assert over_api["count"] == by_command["count"] == count
    assert (
        alone["test_interval"]
        == pytest.approx([over_api["score"]["low"], over_api["score"]["high"]], abs=1e-6)
        or over_api["sources"] < count
    )
    assert f'class="hero">{100 * value:.3g} %' in page.replace("\u00a0", " ")
    assert f"of the {count} " in page
    recalls = {row["label"]: row["recall"] for row in over_api["per_class"] if row["support"]}
    shares = {label: good / all_ for label, (good, all_) in alone["right_of_class"].items()}
    assert shares == pytest.approx(recalls, abs=1e-6)
