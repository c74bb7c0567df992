"""The child that predicts a batch opens its file, its model and its own folder; its end for want of room has words."""

import errno
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobs.batches.child.order import Order
from tests.bundles import text_bundle
from tests.tasks import Task
from training.ground.limits import GIB, Limits

pytestmark = pytest.mark.slow
_TRIES = """
import json, sys
from pathlib import Path
from jobs.batches.child import __main__ as child
from jobs.batches.child.order import Order

folder = Path(sys.argv[1])
child._confine(folder, Order.read(folder))
found = {}
for name in sys.argv[2:]:
    try:
        Path(name).read_bytes()
        found[name] = ""
    except OSError as error:
        found[name] = type(error).__name__
try:
    bytes(10 * 1024**3)
except MemoryError:
    found["memory"] = "MemoryError"
print(json.dumps(found))
"""


def _ordered(folder: Path, **values: Any) -> Order:
    run = folder / "run"
    run.mkdir()
    (folder / "table.csv").write_text("text\n" + "great fun\n" * 2_000)
    order = Order(
        task=Task.TEXT,
        kind="sentences",
        upload=str(folder / "table.csv"),
        name="table.csv",
        bundle=str(text_bundle(folder / "bundle")),
        **({"limits": Limits()} | values),
    )
    order.write(run)
    return order


@pytest.mark.landlock
def test_it_opens_nothing_of_others(tmp_path: Path) -> None:
    order = _ordered(tmp_path, memory=GIB)
    other = tmp_path / "secret_key"
    other.write_text("hidden")
    names = [order.upload, f"{order.bundle}/model.json", str(other)]
    done = subprocess.run(
        [sys.executable, "-c", _TRIES, str(tmp_path / "run"), *names], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        names[0]: "",
        names[1]: "",
        str(other): "PermissionError",
        "memory": "MemoryError",
    }


def test_results_larger_than_a_file_may_be_are_told(tmp_path: Path) -> None:
    _ordered(tmp_path, limits=Limits(max_unpacked_bytes=50_000))
    done = subprocess.run(
        [sys.executable, "-m", "jobs.batches.child", str(tmp_path / "run")], capture_output=True, text=True
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    errors = [event["message"] for event in events if event["event"] == "error"]
    assert errors == ["The results would be larger than a file may be here. Send a smaller file."], (
        done.stderr
    )
    assert str(errno.EFBIG) in done.stderr
